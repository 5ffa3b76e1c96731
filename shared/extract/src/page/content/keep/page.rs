//! Sums over a page. The numbers of its blocks are shares of them.

use std::collections::HashMap;

use super::super::about::About;
use super::super::by_rules::ByRules;
use super::super::outline::{Outline, Tag};
use super::super::score::Scores;
use super::elements::{self, Around};
use super::text::TextFacts;
use super::words::{WordCounts, words};
use crate::deadline::{Deadline, TimeIsUp};

/// The largest share of the text of the rules that the trees may leave out. Otherwise they are not
/// believed.
const MAX_SHARE_LEFT: f64 = 0.55;
/// The same share for a text below [`SHORT_CHARS`]. The trees have seen few short articles.
const MAX_SHARE_LEFT_SHORT: f64 = 0.3;
const SHORT_CHARS: usize = 1000;

/// A block with a higher score is prose.
const PROSE_SCORE: f64 = 30.0;
/// The longest run of kept blocks, and the largest distance to a heading, that are counted.
const MAX_RUN: u32 = 20;

/// The elements of one shape.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shape {
    pub(super) blocks: usize,
    pub(super) chars: usize,
    pub(super) kept_chars: usize,
    pub(super) elements: usize,
}

/// The place of a block among kept blocks and headings.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Run {
    pub(super) before: u32,
    pub(super) behind: u32,
    pub(super) heading_level: u8,
    pub(super) to_heading: u32,
}

pub(super) struct Page<'a> {
    pub(super) outline: &'a Outline,
    pub(super) scores: &'a Scores,
    pub(super) is_body: bool,
    pub(super) kept: Vec<bool>,
    refused: Vec<bool>,
    pub(super) chosen: Vec<bool>,
    pub(super) texts: Vec<TextFacts>,
    pub(super) around: Vec<Around>,
    pub(super) shapes: HashMap<u64, Shape>,
    pub(super) repeated: HashMap<&'a str, usize>,
    pub(super) runs: Vec<Run>,
    pub(super) title: WordCounts,
    pub(super) description: WordCounts,
    pub(super) body: WordCounts,
    /// The numbers of characters and of blocks kept before each block, and before the end.
    before: Vec<(usize, usize)>,
    pub(super) chars: usize,
    pub(super) link_chars: usize,
    pub(super) longest: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

impl<'a> Page<'a> {
    pub(super) fn of(
        found: &'a ByRules,
        about: About<'_>,
        deadline: &Deadline<'_>,
    ) -> Result<Self, TimeIsUp> {
        let outline = &found.outline;
        let blocks = &outline.blocks;
        let mut kept = vec![false; blocks.len()];
        found.kept.iter().for_each(|index| kept[*index] = true);
        let mut refused = vec![false; blocks.len()];
        found.refused.iter().for_each(|index| refused[*index] = true);
        let mut chosen = vec![false; blocks.len()];
        for element in &found.choice.elements {
            chosen[outline.elements[*element].blocks.clone()].fill(true);
        }
        let mut texts = Vec::with_capacity(blocks.len());
        for block in blocks {
            deadline.step()?;
            texts.push(TextFacts::read(outline.text_of(block)));
        }
        let before = before(outline, &kept);
        let all = before.last().map_or(1, |sum| sum.0.max(1));
        let around = elements::around(found, |element| {
            let blocks = &outline.elements[element].blocks;
            (before[blocks.end].0 - before[blocks.start].0) as f32 / all as f32
        });
        deadline.look()?;
        let is_prose = |index: &usize| kept[*index] && found.scores.of_block(*index) > PROSE_SCORE;
        Ok(Self {
            outline,
            scores: &found.scores,
            is_body: found.choice.is_body,
            shapes: shapes(outline, &kept),
            repeated: repeated(outline),
            runs: runs(outline, &kept),
            title: counted(&[words(about.title)]),
            description: counted(&[words(about.description)]),
            body: body(&texts, &kept),
            chars: blocks.iter().map(|block| block.chars).sum::<usize>().max(1),
            link_chars: blocks.iter().map(|block| block.link_chars).sum(),
            longest: found.kept.iter().map(|index| blocks[*index].chars).max().unwrap_or(1),
            first: (0..blocks.len()).find(is_prose).unwrap_or(0),
            last: (0..blocks.len()).rfind(is_prose).unwrap_or(blocks.len()),
            kept,
            refused,
            chosen,
            texts,
            around,
            before,
        })
    }

    /// Returns true if the trees decide on a block. The rules alone decide on hidden text, on text
    /// by others, and on parts that are called something else.
    pub(super) fn is_candidate(&self, index: usize) -> bool {
        let flags = self.around[self.outline.blocks[index].element].flags;
        let is_elsewhere = flags.others
            || flags.hidden
            || flags.comments
            || flags.outside && !flags.lead
            || flags.aside
            || flags.footer;
        self.kept[index] || !self.refused[index] && !is_elsewhere
    }

    /// Returns true if blocks are too small a part of those that the rules keep.
    pub(super) fn is_too_little(&self, own: &[usize]) -> bool {
        let chars: usize = own.iter().map(|index| self.outline.blocks[*index].chars).sum();
        let is_short = self.kept_chars() < SHORT_CHARS;
        let most_left = if is_short { MAX_SHARE_LEFT_SHORT } else { MAX_SHARE_LEFT };
        (chars as f64) < self.kept_chars() as f64 * (1.0 - most_left)
    }

    pub(super) fn kept_chars(&self) -> usize {
        self.before.last().map_or(1, |sum| sum.0.max(1))
    }

    pub(super) fn kept_before(&self, index: usize) -> f32 {
        self.before[index].0 as f32 / self.kept_chars() as f32
    }

    /// Returns an element's share of the kept text.
    pub(super) fn share(&self, element: usize) -> f32 {
        let blocks = &self.outline.elements[element].blocks;
        let own = self.before[blocks.end].0 - self.before[blocks.start].0;
        own as f32 / self.kept_chars() as f32
    }

    /// Returns the share of the blocks from `start` to `end` that are kept.
    pub(super) fn kept_share(&self, start: usize, end: usize) -> f32 {
        (self.before[end].1 - self.before[start].1) as f32 / (end - start).max(1) as f32
    }

    pub(super) fn shape(&self, element: usize) -> Shape {
        self.shapes.get(&self.outline.elements[element].shape).copied().unwrap_or_default()
    }
}

fn before(outline: &Outline, kept: &[bool]) -> Vec<(usize, usize)> {
    let mut sum = (0, 0);
    let mut sums = vec![sum];
    for (block, kept) in outline.blocks.iter().zip(kept) {
        if *kept {
            sum = (sum.0 + block.chars, sum.1 + 1);
        }
        sums.push(sum);
    }
    sums
}

fn shapes(outline: &Outline, kept: &[bool]) -> HashMap<u64, Shape> {
    let mut shapes: HashMap<u64, Shape> = HashMap::new();
    for element in &outline.elements {
        shapes.entry(element.shape).or_default().elements += 1;
    }
    for (block, kept) in outline.blocks.iter().zip(kept) {
        let shape = shapes.entry(outline.elements[block.element].shape).or_default();
        shape.blocks += 1;
        shape.chars += block.chars;
        shape.kept_chars += if *kept { block.chars } else { 0 };
    }
    shapes
}

fn repeated(outline: &Outline) -> HashMap<&str, usize> {
    let mut counts = HashMap::new();
    for block in &outline.blocks {
        *counts.entry(outline.text_of(block)).or_default() += 1;
    }
    counts
}

fn runs(outline: &Outline, kept: &[bool]) -> Vec<Run> {
    let mut runs = vec![Run::default(); kept.len()];
    let mut run = Run { to_heading: MAX_RUN, ..Run::default() };
    for (index, block) in outline.blocks.iter().enumerate() {
        runs[index] = run;
        run.before = if kept[index] { (run.before + 1).min(MAX_RUN) } else { 0 };
        run.to_heading = (run.to_heading + 1).min(MAX_RUN);
        if let Tag::Heading(level) = outline.tag_of(block) {
            (run.heading_level, run.to_heading) = (level, 1);
        }
    }
    let mut behind = 0;
    for (run, kept) in runs.iter_mut().zip(kept).rev() {
        run.behind = behind;
        behind = if *kept { (behind + 1).min(MAX_RUN) } else { 0 };
    }
    runs
}

fn counted(texts: &[Vec<u32>]) -> WordCounts {
    let mut counts = WordCounts::new();
    for (block, words) in (0..).zip(texts) {
        counts.add(block, words);
    }
    counts
}

fn body(texts: &[TextFacts], kept: &[bool]) -> WordCounts {
    let mut counts = WordCounts::new();
    for (block, (text, _)) in (0..).zip(texts.iter().zip(kept)).filter(|(_, (_, kept))| **kept) {
        counts.add(block, &text.words);
    }
    counts
}
