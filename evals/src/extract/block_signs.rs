//! Writes the numbers of each block of text, and if the block belongs to the article. The trees
//! that decide on blocks are learnt from these lines (`evals/trees`).

use std::collections::HashSet;
use std::io::Write;

use anyhow::Result;
use courant_extract::Signs;
use serde_json::json;

use super::pages::{ReadPage, TrafilaturaPage};

/// The share of a block's runs of words that must be in the truth for the block to belong to it.
const TRUE_SHARE: f64 = 0.5;
/// The number of words in a run.
const RUN: usize = 4;
/// The fewest bytes of a text that belongs to the article only once.
const MIN_REPEATED_BYTES: usize = 60;

/// A block with the label that it is learnt from.
struct Labelled {
    signs: Signs,
    is_own: bool,
    words: usize,
    /// The number of its words that stand in the truth.
    found: f64,
    /// The numbers of wanted and of unwanted pieces in it.
    pieces: [usize; 2],
}

/// The words of the true text, and the runs of them.
struct Truth {
    words: Vec<String>,
}

/// Writes a page whose true text is known.
pub(crate) fn write_compared(
    out: &mut impl Write,
    set: &str,
    sample: &ReadPage,
    truth: &str,
) -> Result<()> {
    let truth = Truth { words: words(truth) };
    let shares = truth.shares(sample.blocks());
    let labelled = shares.into_iter().map(|(text, signs, share)| {
        let words = words(&text).len();
        let found = words as f64 * share;
        Labelled { signs, is_own: share >= TRUE_SHARE, words, found, pieces: [0; 2] }
    });
    write_page(out, set, sample, truth.words.len(), labelled.collect())
}

/// Writes the blocks that contain pieces which people chose.
pub(crate) fn write_chosen(out: &mut impl Write, page: &TrafilaturaPage) -> Result<()> {
    let blocks = page.sample.blocks().into_iter();
    let judged = blocks.filter_map(|(text, signs)| {
        let count = |pieces: &[String]| pieces.iter().filter(|piece| text.contains(*piece)).count();
        let pieces = [count(&page.with), count(&page.without)];
        let words = words(&text).len();
        let labelled = Labelled { signs, is_own: pieces[0] > 0, words, found: 0.0, pieces };
        (pieces != [0, 0]).then_some(labelled)
    });
    let judged: Vec<Labelled> = judged.collect();
    write_page(out, "trafilatura-eval", &page.sample, page.with.len(), judged)
}

fn write_page(
    out: &mut impl Write,
    set: &str,
    sample: &ReadPage,
    total: usize,
    blocks: Vec<Labelled>,
) -> Result<()> {
    let names: Vec<&str> = blocks
        .first()
        .map_or(Vec::new(), |block| block.signs.iter().map(|(name, _)| *name).collect());
    let blocks: Vec<_> = blocks
        .into_iter()
        .map(|block| {
            let signs: Vec<f32> = block.signs.iter().map(|(_, value)| *value).collect();
            json!({
                "own": block.is_own, "words": block.words, "found": block.found,
                "pieces": block.pieces, "signs": signs,
            })
        })
        .collect();
    let page = json!({
        "set": set, "name": sample.name, "host": sample.host, "total": total, "names": names,
        "blocks": blocks,
    });
    Ok(writeln!(out, "{page}")?)
}

impl Truth {
    /// Returns the share of each block's runs of words that stand in the truth. The copies of a
    /// text count as absent.
    fn shares(&self, blocks: Vec<(String, Signs)>) -> Vec<(String, Signs, f64)> {
        let runs: HashSet<&[String]> =
            (1..=RUN).flat_map(|size| self.words.windows(size)).collect();
        let share = |text: &str| {
            let own = words(text);
            let size = own.len().min(RUN);
            let found = own.windows(size.max(1)).filter(|run| runs.contains(run)).count();
            found as f64 / (own.len() + 1).saturating_sub(size).max(1) as f64
        };
        let copies = copies(&blocks);
        let shares = blocks.into_iter().zip(copies).map(|((text, signs), is_copy)| {
            let share = if is_copy { 0.0 } else { share(&text) };
            (text, signs, share)
        });
        shares.collect()
    }
}

/// Returns which blocks repeat the text of another one. A kept block is never the copy of one that
/// is not kept.
fn copies(blocks: &[(String, Signs)]) -> Vec<bool> {
    let is_kept = |block: usize| blocks[block].1.contains(&("kept", 1.0));
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    order.sort_by_key(|block| !is_kept(*block));
    let mut seen = HashSet::new();
    let mut copies = vec![false; blocks.len()];
    for block in order {
        let text = blocks[block].0.as_str();
        copies[block] = text.len() >= MIN_REPEATED_BYTES && !seen.insert(text);
    }
    copies
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str, kept: f32) -> (String, Signs) {
        (text.to_owned(), vec![("kept", kept)])
    }

    #[test]
    fn the_copy_of_a_kept_text_does_not_belong_to_the_article() {
        let text = "The mayor opened the new bridge on Monday, and the town came to see it.";
        let truth = Truth { words: words(text) };
        let blocks =
            vec![block(text, 0.0), block("unrelated words in here now", 1.0), block(text, 1.0)];
        let shares: Vec<f64> = truth.shares(blocks).into_iter().map(|found| found.2).collect();
        assert_eq!(shares, [0.0, 0.0, 1.0]);
    }
}
