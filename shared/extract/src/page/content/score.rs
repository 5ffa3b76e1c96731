//! Scores each block of text by its likeness to prose, and sums the scores over elements.

use std::collections::HashMap;

use super::outline::{Block, Element, Outline, Tag};

/// The largest share of a block's text in links. Blocks with more are navigation.
const MAX_LINK_SHARE: f64 = 0.5;
/// The fewest characters of a block that may be prose. Shorter blocks only count against an
/// element.
const SHORT_CHARS: usize = 25;
const SENTENCE_CHARS: usize = 80;
/// The score of a block of navigation or a scrap of text, which counts against an element.
const SCRAP: f64 = -10.0;

/// A name such as `with-sidebar` may stand for the page's whole content. An element with more than
/// this share of all prose is the content, whatever its name.
const MAX_SHARE_OUTSIDE: f64 = 0.5;

/// The lowest score of a list or a table. One within an article may be all links and scraps, and
/// counts no more than this against the element around it.
const WORST_LIST: f64 = -40.0;

/// The scores of all blocks and elements, and the elements that are no article by their names.
#[derive(Debug)]
pub(super) struct Scores {
    blocks: Vec<f64>,
    elements: Vec<f64>,
    /// The score of each element.
    outside: Vec<bool>,
}

impl Scores {
    pub(super) fn of(outline: &Outline) -> Self {
        let mut blocks: Vec<f64> =
            outline.blocks.iter().map(|block| score(outline, block)).collect();
        let outside = outside(outline, &blocks);
        let mut behind = 0;
        for (index, element) in outline.elements.iter().enumerate() {
            if outside[index] && index >= behind {
                blocks[element.blocks.clone()].fill(SCRAP);
                behind = element.end;
            }
        }
        Self { elements: of_elements(outline, &blocks), blocks, outside }
    }

    pub(super) fn of_element(&self, element: usize) -> f64 {
        self.elements[element]
    }

    pub(super) fn of_block(&self, block: usize) -> f64 {
        self.blocks[block]
    }

    pub(super) fn is_outside(&self, element: usize) -> bool {
        self.outside[element]
    }
}

/// Returns the sum of each element over its blocks and over the elements in it.
fn of_elements(outline: &Outline, blocks: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; outline.elements.len()];
    for (block, score) in outline.blocks.iter().zip(blocks) {
        sums[block.element] += score;
    }
    for index in (1..outline.elements.len()).rev() {
        let element = &outline.elements[index];
        let is_list = matches!(element.tag, Tag::List { .. } | Tag::Table);
        let sum = if is_list { sums[index].max(WORST_LIST) } else { sums[index] };
        sums[element.parent] += sum;
    }
    sums
}

/// Returns which elements are no article by their names, if their share of the prose agrees.
fn outside(outline: &Outline, blocks: &[f64]) -> Vec<bool> {
    let prose = prefix_sums(blocks.iter().map(|score| score.max(0.0)));
    let own = |element: &Element| prose[element.blocks.end] - prose[element.blocks.start];
    let all = prose.last().copied().unwrap_or(0.0);
    let hidden: f64 = outermost(outline, |element| element.label.hidden).map(own).sum();
    let is_mostly_hidden = hidden > all * MAX_SHARE_OUTSIDE;
    let seen = if is_mostly_hidden { all } else { all - hidden };
    let is_called =
        |element: &Element| is_called_outside(element) || element.label.hidden && !is_mostly_hidden;
    let mut of_shape: HashMap<u64, f64> = HashMap::new();
    for element in outermost(outline, is_called) {
        *of_shape.entry(element.shape).or_default() += own(element);
    }
    let is_outside = |element: &Element| {
        let alike = of_shape.get(&element.shape).copied().unwrap_or(0.0);
        let own = if element.label.comments { own(element) } else { own(element).max(alike) };
        element.label.others || is_called(element) && own <= seen * MAX_SHARE_OUTSIDE
    };
    outline.elements.iter().map(is_outside).collect()
}

fn prefix_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let sums = values.map(|value| {
        sum += value;
        sum
    });
    std::iter::once(0.0).chain(sums).collect()
}

/// Returns the elements of a kind that stand in no other element of that kind.
fn outermost(
    outline: &Outline,
    is_one: impl Fn(&Element) -> bool,
) -> impl Iterator<Item = &Element> {
    let mut behind = 0;
    outline.elements.iter().enumerate().filter_map(move |(index, element)| {
        let is_outermost = index >= behind && is_one(element);
        behind = if is_outermost { element.end } else { behind };
        is_outermost.then_some(element)
    })
}

fn is_called_outside(element: &Element) -> bool {
    (element.label.boilerplate && !element.label.declared_body)
        || matches!(element.tag, Tag::Aside | Tag::Navigation | Tag::Footer | Tag::Caption)
}

fn score(outline: &Outline, block: &Block) -> f64 {
    let tag = outline.tag_of(block);
    if block.link_chars as f64 > block.chars as f64 * MAX_LINK_SHARE {
        return SCRAP - block.chars.min(100) as f64 * 0.2;
    }
    if matches!(tag, Tag::Heading(_)) {
        return 0.0;
    }
    if block.chars < SHORT_CHARS {
        return if matches!(tag, Tag::Cell | Tag::Item | Tag::Preformatted) { -2.0 } else { SCRAP };
    }
    let prose = block.chars as f64 - 2.0 * block.link_chars as f64;
    let share = match tag {
        Tag::Paragraph | Tag::Quote | Tag::Preformatted => 1.0,
        Tag::Item | Tag::Cell => 0.6,
        Tag::Form => 0.2,
        _ => 0.8,
    };
    let is_sentence = ends_sentence(outline.text_of(block)) || block.chars > SENTENCE_CHARS;
    prose * if is_sentence { share } else { 0.2 * share }
}

/// Returns true if a text ends as sentences do, in the scripts of news.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '\'', ')', '”', '’', '»', '“', ']', '」', '』', ' '])
        .ends_with(['.', '!', '?', '…', ':', '。', '！', '？', '؟', '।', '։', '።', '۔', ';'])
}
