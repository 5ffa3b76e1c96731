//! The last decision on a kept block: a small model decides from numbers about the block, its place
//! and its neighbours.

use std::collections::HashMap;
use std::ops::Range;

use super::outline::{Block, Outline, Tag};
use super::score::{Scores, ends_sentence};

mod weights;

/// The meanings of the numbers in [`BlockSigns`], in their order.
pub const BLOCK_SIGNS: [&str; 43] = [
    "length",
    "links",
    "sentence",
    "heading",
    "item",
    "cell",
    "code",
    "quote",
    "caption",
    "division",
    "chosen",
    "share of parent",
    "share of grandparent",
    "share of shape",
    "before",
    "is before all",
    "is behind all",
    "distance",
    "length before",
    "length behind",
    "links before",
    "links behind",
    "heading before",
    "heading behind",
    "digits",
    "capitals",
    "copyright",
    "at",
    "address",
    "bar",
    "question",
    "exclamation",
    "money",
    "colon",
    "outside",
    "lead",
    "body",
    "comments",
    "depth",
    "alike",
    "kept before",
    "kept behind",
    "score",
];

/// A block is left out if the model gives it a smaller probability of belonging to the article.
const MIN_CHANCE: f64 = 0.5;
/// The largest share of the text that the model may leave out. Otherwise it is not believed.
const MAX_SHARE_LEFT: f64 = 0.4;
/// The number of elements around a block that are examined.
const MAX_DEPTH: usize = 30;
/// The number of blocks on either side among which the kept ones are counted.
const NEAR: usize = 3;
/// A block with a higher score is prose.
const PROSE_SCORE: f64 = 30.0;

/// One number for each of [`BLOCK_SIGNS`].
pub type BlockSigns = [f64; BLOCK_SIGNS.len()];

/// Sums over the page. The numbers of its blocks are shares of them.
struct Page<'a> {
    outline: &'a Outline,
    scores: &'a Scores,
    kept: Vec<bool>,
    chosen: Vec<bool>,
    /// The number of characters kept before each block, and before the end.
    before: Vec<usize>,
    /// The numbers of characters and of blocks kept, by the shape of their element.
    shapes: HashMap<u64, (usize, usize)>,
    first: usize,
    last: usize,
}

/// Returns the kept blocks that are the article's own.
pub(super) fn own(
    outline: &Outline,
    scores: &Scores,
    chosen: &[usize],
    kept: Vec<usize>,
) -> Vec<usize> {
    let evidence = evidence(outline, scores, chosen, &kept);
    let chars = |blocks: &[usize]| -> usize {
        blocks.iter().map(|index| outline.blocks[*index].chars).sum()
    };
    let own: Vec<usize> = kept
        .iter()
        .zip(evidence)
        .filter(|(_, evidence)| chance(evidence) >= MIN_CHANCE)
        .map(|(index, _)| *index)
        .collect();
    let least = chars(&kept) as f64 * (1.0 - MAX_SHARE_LEFT);
    if chars(&own) as f64 >= least { own } else { kept }
}

/// Returns the probability that a block with these numbers belongs to the article, 0 to 1.
fn chance(evidence: &BlockSigns) -> f64 {
    let products =
        evidence.iter().zip(&weights::WEIGHTS).map(|(value, (_, weight))| value * weight);
    1.0 / (1.0 + (-(weights::BIAS + products.sum::<f64>())).exp())
}

/// Returns the numbers of each kept block of a page. `chosen`: the elements that hold the
/// article.
pub(super) fn evidence(
    outline: &Outline,
    scores: &Scores,
    elements: &[usize],
    blocks: &[usize],
) -> Vec<BlockSigns> {
    let mut kept = vec![false; outline.blocks.len()];
    blocks.iter().for_each(|index| kept[*index] = true);
    let mut chosen = vec![false; outline.blocks.len()];
    for element in elements {
        chosen[outline.elements[*element].blocks.clone()].fill(true);
    }
    let mut before = vec![0];
    let mut shapes: HashMap<u64, (usize, usize)> = HashMap::new();
    for (index, block) in outline.blocks.iter().enumerate() {
        let own = if kept[index] { block.chars } else { 0 };
        before.push(before[index] + own);
        let shape = shapes.entry(outline.elements[block.element].shape).or_default();
        *shape = (shape.0 + own, shape.1 + 1);
    }
    let is_prose = |index: &usize| kept[*index] && scores.of_block(*index) > PROSE_SCORE;
    let all = 0..outline.blocks.len();
    let first = all.clone().find(is_prose).unwrap_or(0);
    let last = all.clone().rfind(is_prose).unwrap_or(outline.blocks.len());
    let page = Page { outline, scores, kept, chosen, before, shapes, first, last };
    blocks.iter().map(|index| page.of(*index)).collect()
}

impl Page<'_> {
    fn share(&self, element: usize) -> f64 {
        let blocks = &self.outline.elements[element].blocks;
        let own = self.before[blocks.end] - self.before[blocks.start];
        own as f64 / self.all() as f64
    }

    fn all(&self) -> usize {
        self.before.last().copied().unwrap_or(0).max(1)
    }

    fn of(&self, index: usize) -> BlockSigns {
        let block = &self.outline.blocks[index];
        let numbers = kind(self.outline, block)
            .into_iter()
            .chain(self.place(index))
            .chain(self.neighbours(index))
            .chain(marks(self.outline.text_of(block)))
            .chain(self.names(block))
            .chain(self.company(index));
        let mut evidence = [0.0; BLOCK_SIGNS.len()];
        evidence.iter_mut().zip(numbers).for_each(|(slot, number)| *slot = number);
        evidence
    }

    fn place(&self, index: usize) -> [f64; 8] {
        let block = &self.outline.blocks[index];
        let element = &self.outline.elements[block.element];
        let grandparent = self.outline.elements[element.parent].parent;
        [
            of(self.chosen[index]),
            self.share(element.parent),
            self.share(grandparent),
            self.shape(block).0 as f64 / self.all() as f64,
            self.before[index] as f64 / self.all() as f64,
            of(index < self.first),
            of(index > self.last),
            log(index.abs_diff(index.max(self.first).min(self.last.max(self.first)))),
        ]
    }

    fn neighbours(&self, index: usize) -> [f64; 6] {
        let blocks = &self.outline.blocks;
        let (before, behind) =
            (index.checked_sub(1).and_then(|at| blocks.get(at)), blocks.get(index + 1));
        let length = |block: Option<&Block>| block.map_or(0.0, |block| log(block.chars));
        let links = |block: Option<&Block>| block.map_or(0.0, link_share);
        let heading = |block: Option<&Block>| {
            of(block.is_some_and(|block| matches!(self.outline.tag_of(block), Tag::Heading(_))))
        };
        [
            length(before),
            length(behind),
            links(before),
            links(behind),
            heading(before),
            heading(behind),
        ]
    }

    fn names(&self, block: &Block) -> [f64; 5] {
        let [mut outside, mut lead, mut body, mut comments] = [false; 4];
        let mut depth = 0;
        let mut is_deep = true;
        for element in self.outline.around(block.element).take(MAX_DEPTH) {
            let label = &self.outline.elements[element].label;
            outside |= self.scores.is_outside(element);
            lead |= label.lead;
            body |= label.body || label.declared_body;
            comments |= label.comments || label.others;
            is_deep &= self.share(element) < 0.5;
            depth += usize::from(is_deep);
        }
        [of(outside), of(lead), of(body), of(comments), depth as f64 / 4.0]
    }

    fn company(&self, index: usize) -> [f64; 4] {
        let block = &self.outline.blocks[index];
        let near = |range: Range<usize>| {
            let size = range.len().max(1) as f64;
            range.filter(|at| self.kept[*at]).count() as f64 / size
        };
        [
            log(self.shape(block).1),
            near(index.saturating_sub(NEAR)..index),
            near(index + 1..(index + 1 + NEAR).min(self.outline.blocks.len())),
            (self.scores.of_block(index) / 200.0).clamp(-1.0, 2.0),
        ]
    }

    fn shape(&self, block: &Block) -> (usize, usize) {
        let shape = self.outline.elements[block.element].shape;
        self.shapes.get(&shape).copied().unwrap_or_default()
    }
}

fn kind(outline: &Outline, block: &Block) -> [f64; 10] {
    let tag = outline.tag_of(block);
    let named = [
        matches!(tag, Tag::Heading(_)),
        tag == Tag::Item,
        tag == Tag::Cell,
        tag == Tag::Preformatted,
        tag == Tag::Quote,
        matches!(tag, Tag::Caption | Tag::Figure),
    ];
    let is_division = tag != Tag::Paragraph && !named.contains(&true);
    let [heading, item, cell, code, quote, caption] = named.map(of);
    let sentence = of(ends_sentence(outline.text_of(block)));
    let (length, links) = (log(block.chars), link_share(block));
    [length, links, sentence, heading, item, cell, code, quote, caption, of(is_division)]
}

/// Returns the shares of digits and capitals, and the counts of marks that prose seldom has.
fn marks(text: &str) -> [f64; 10] {
    let (mut chars, mut letters, mut digits, mut capitals) = (0.0, 0.0, 0.0, 0.0);
    let [mut copyright, mut at, mut bar, mut question, mut exclamation, mut money] = [false; 6];
    for c in text.chars() {
        chars += 1.0;
        match c {
            'a'..='z' => letters += 1.0,
            ' ' | '.' | ',' => {}
            '©' => copyright = true,
            '@' => at = true,
            '|' | '›' | '»' | '·' | '•' => bar = true,
            '?' | '？' => question = true,
            '!' | '！' => exclamation = true,
            '$' | '€' | '£' | '¥' | '₹' => money = true,
            _ => {
                letters += of(c.is_alphabetic());
                digits += of(c.is_numeric());
                capitals += of(c.is_uppercase());
            }
        }
    }
    let shares = [digits / f64::max(chars, 1.0), capitals / f64::max(letters, 1.0)];
    let has_address = text.contains("http") || text.contains("www.");
    let [copyright, at, bar, question, exclamation, money] =
        [copyright, at, bar, question, exclamation, money].map(of);
    let (address, colon) = (of(has_address), of(text.ends_with(':')));
    [shares[0], shares[1], copyright, at, address, bar, question, exclamation, money, colon]
}

fn of(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

fn log(number: usize) -> f64 {
    (number as f64 + 1.0).ln() / 5.0
}

fn link_share(block: &Block) -> f64 {
    block.link_chars as f64 / block.chars.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_name_the_numbers_that_they_are_for() {
        let names = weights::WEIGHTS.map(|(name, _)| name);
        assert_eq!(names, BLOCK_SIGNS);
    }

    #[test]
    fn marks_are_shares_of_the_text() {
        let found = marks("AB c1 © 2024!");
        assert_eq!((found[0], found[1]), (5.0 / 13.0, 2.0 / 3.0));
        assert_eq!((found[2], found[7], found[6]), (1.0, 1.0, 0.0));
        assert!(marks("").iter().all(|number| number.is_finite()));
    }
}
