//! Makes texts with the lengths of news texts: 30 % headlines of 8 to 24 tokens, 40 % summaries of
//! 30 to 90, 30 % paragraphs of 100 to 256.

use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::{Context, ensure};
use courant_inference::{BareModel, TokenIds};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use url::Url;

/// Shares of the texts in percent, with their lengths in tokens.
const LENGTHS: [(u32, RangeInclusive<usize>); 3] = [(30, 8..=24), (40, 30..=90), (30, 100..=256)];
/// A number of words that is enough for the longest text.
const LONGEST_WORDS: usize = 256;

/// A text and its tokens.
#[derive(Clone)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) tokens: TokenIds,
}

/// Returns `count` texts cut from the sample site's articles. The same `seed` gives the same
/// texts.
pub(crate) fn mixed(model: &BareModel, count: usize, seed: u64) -> anyhow::Result<Vec<Text>> {
    let words = words()?;
    let mut random = StdRng::seed_from_u64(seed);
    (0..count).map(|_| one(model, &words, &mut random)).collect()
}

/// Returns `count` different texts of `words` words each.
pub(super) fn articles(count: usize, words: usize) -> anyhow::Result<Arc<Vec<String>>> {
    let all = self::words()?;
    let text = |number: usize| {
        let start = number * 97 % (all.len() - words);
        all[start..start + words].join(" ")
    };
    Ok(Arc::new((0..count).map(text).collect()))
}

fn one(model: &BareModel, words: &[String], random: &mut StdRng) -> anyhow::Result<Text> {
    let percent = random.random_range(0..100);
    let wanted = random.random_range(length(percent));
    let start = random.random_range(0..words.len() - LONGEST_WORDS);
    // An English word has about 1.3 tokens. The length is then adjusted word by word.
    let mut count = (wanted / 2).max(1);
    loop {
        let text = words[start..start + count].join(" ");
        let tokens = model.tokens(&text)?;
        if tokens.len() >= wanted || count == LONGEST_WORDS {
            return Ok(Text { text, tokens });
        }
        count += 1;
    }
}

fn length(percent: u32) -> RangeInclusive<usize> {
    let mut reached = 0;
    let is_within = |(share, _): &&(u32, RangeInclusive<usize>)| {
        reached += share;
        percent < reached
    };
    LENGTHS.iter().find(is_within).map_or(8..=24, |(_, lengths)| lengths.clone())
}

/// Returns the words of the articles that the sample site serves.
fn words() -> anyhow::Result<Vec<String>> {
    let mut words = Vec::new();
    for site in courant_newsstand::sample() {
        let url = Url::parse(&format!("http://{}/", site.host)).context("a sample's host")?;
        for page in &site.pages {
            let page = courant_extract::page(&page.body, None, &url)?;
            words.extend(page.text.split_whitespace().map(str::to_owned));
        }
    }
    ensure!(words.len() > 2 * LONGEST_WORDS, "the sample site has {} words", words.len());
    Ok(words)
}
