//! How much each block of text looks like prose, summed over elements.

use super::outline::{Block, Element, Outline, Tag};

/// A block with a larger share of its text in links is navigation.
const MAX_LINK_SHARE: f64 = 0.5;
/// Shorter blocks say nothing about where the article is, but against it.
const SHORT_CHARS: usize = 25;
const SENTENCE_CHARS: usize = 80;
/// What a block of navigation, or a scrap of text, counts against an element.
const SCRAP: f64 = -10.0;

/// Scores of all blocks as prefix sums.
#[derive(Debug)]
pub(super) struct Scores {
    sums: Vec<f64>,
}

impl Scores {
    pub(super) fn of(outline: &Outline) -> Self {
        let outside = outside(outline);
        let mut sums = Vec::with_capacity(outline.blocks.len() + 1);
        let mut sum = 0.0;
        sums.push(sum);
        for (block, outside) in outline.blocks.iter().zip(outside) {
            sum += if outside { SCRAP } else { score(outline, block) };
            sums.push(sum);
        }
        Self { sums }
    }

    pub(super) fn of_element(&self, element: &Element) -> f64 {
        self.sums[element.blocks.end] - self.sums[element.blocks.start]
    }

    pub(super) fn of_block(&self, block: usize) -> f64 {
        self.sums[block + 1] - self.sums[block]
    }
}

/// Whether each block stands in something that is no article by its name.
fn outside(outline: &Outline) -> Vec<bool> {
    let all: usize = outline.blocks.iter().map(|block| block.chars).sum();
    let mut outside = vec![false; outline.blocks.len()];
    for element in &outline.elements {
        let is_outside = element.label.boilerplate
            || matches!(element.tag, Tag::Aside | Tag::Navigation | Tag::Footer | Tag::Caption);
        if !is_outside || element.blocks.is_empty() {
            continue;
        }
        let blocks = &outline.blocks[element.blocks.clone()];
        let plain: usize = blocks.iter().map(|block| block.chars - block.link_chars).sum();
        // A name such as `with-sidebar` may be that of the page's whole content.
        if plain * 2 < all || element.label.comments {
            outside[element.blocks.clone()].fill(true);
        }
    }
    outside
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

/// Whether a text ends as sentences do, in the scripts that news is written in.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '\'', ')', '”', '’', '»', '“', ']', '」', '』', ' '])
        .ends_with(['.', '!', '?', '…', ':', '。', '！', '？', '؟', '।', '։', '።', '۔', ';'])
}
