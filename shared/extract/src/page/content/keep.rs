//! The last decision on each block: boosted trees decide from numbers about the block, its place
//! and its neighbours. They may also bring back a block that the rules left out.

use std::sync::LazyLock;

use super::about::About;
use super::by_rules::ByRules;
use super::clean::is_aside;
use crate::deadline::{Deadline, TimeIsUp};
use crate::trees::{Signs, Trees};

mod elements;
mod page;
mod signs;
mod text;
mod words;

use page::Page;

/// Learnt by `evals/trees/run`, which writes this file.
static TREES: LazyLock<Trees> = LazyLock::new(|| {
    Trees::parse(include_str!("../../../data/trees/blocks.txt")).expect("the file is well-formed")
});

/// A block belongs to the article if the logarithm of the odds is larger. A block that the rules
/// leave out needs more.
const MIN_LOGIT: f32 = 0.2;
const MIN_LOGIT_BACK: f32 = 0.5;
/// The fewest characters of a block that is brought back.
const MIN_CHARS_BACK: usize = 25;
/// A block is left out early if the logarithm of the odds is smaller after [`FIRST_TREES`] trees.
const SURELY_OUT: f32 = -2.5;
const FIRST_TREES: usize = 40;

/// Returns the blocks that are the article's own.
pub(super) fn own(
    found: &ByRules,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<Vec<usize>, TimeIsUp> {
    let page = Page::of(found, about, deadline)?;
    let mut own = Vec::new();
    let mut numbers: Vec<f32> = Vec::new();
    for index in 0..found.outline.blocks.len() {
        deadline.step()?;
        if !page.is_candidate(index) {
            continue;
        }
        numbers.clear();
        page.signs(index, |_, value| numbers.push(value));
        let logit = TREES.logit_unless(&numbers, FIRST_TREES, SURELY_OUT);
        let least = if page.kept[index] { MIN_LOGIT } else { MIN_LOGIT_BACK };
        if logit > least && (page.kept[index] || may_come_back(found, index, about.title)) {
            own.push(index);
        }
    }
    Ok(if page.is_too_little(&own) { found.kept.clone() } else { own })
}

/// Returns false for scraps of text, prompts and the title.
fn may_come_back(found: &ByRules, index: usize, title: &str) -> bool {
    let block = &found.outline.blocks[index];
    block.chars >= MIN_CHARS_BACK && !is_aside(&found.outline, block, title)
}

/// Returns the index and the numbers of each block that the trees decide on.
pub(super) fn evidence(
    found: &ByRules,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<Vec<(usize, Signs)>, TimeIsUp> {
    let page = Page::of(found, about, deadline)?;
    let candidates = (0..found.outline.blocks.len()).filter(|index| page.is_candidate(*index));
    let numbers = candidates.map(|index| {
        let mut signs = Signs::new();
        page.signs(index, |name, value| signs.push((name, value)));
        (index, signs)
    });
    Ok(numbers.collect())
}

#[cfg(test)]
mod tests;
