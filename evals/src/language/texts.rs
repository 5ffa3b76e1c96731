//! Reads the statistics of `langidentify`, and counts those of a declaration.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use courant_text::language::is_sign;
use flate2::read::GzDecoder;

use super::statistics::{Frequencies, Statistics};

/// The amount that is subtracted from each count, because an item seen once is rarer than it looks.
const DISCOUNT: f64 = 0.4;

/// Returns the commonest words of a language; empty if it has no list.
pub(super) fn words(folder: &Path, code: &str) -> anyhow::Result<Frequencies> {
    let path = folder.join(format!("topwords-{code}.txt.gz"));
    if !path.exists() {
        return Ok(Frequencies::new());
    }
    let text = unpacked(&path)?;
    text.lines().filter(|line| !line.starts_with('#')).map(pair).collect()
}

/// Returns the frequencies of the letter groups of a language.
pub(super) fn groups(folder: &Path, code: &str) -> anyhow::Result<Frequencies> {
    let text = unpacked(&folder.join(format!("ngrams-{code}.txt.gz")))?;
    let mut lines = text.lines();
    let totals = totals(lines.next().context("no first line")?);
    let mut found = Frequencies::new();
    for (group, count) in lines.map(pair).collect::<anyhow::Result<Vec<_>>>()? {
        if let Some(total) = totals.get(&group.chars().count()) {
            found.push((group, (count / total).ln()));
        }
    }
    Ok(found)
}

/// Returns the totals by length. The first line has `length:kinds/count` for each length.
fn totals(line: &str) -> HashMap<usize, f64> {
    let total = |part: &str| {
        let (length, counts) = part.split_once(':')?;
        let (_, count) = counts.split_once('/')?;
        Some((length.parse().ok()?, count.parse().ok()?))
    };
    line.split_whitespace().filter_map(total).collect()
}

fn pair(line: &str) -> anyhow::Result<(String, f64)> {
    let (item, value) = line.rsplit_once(' ').with_context(|| format!("no value: {line}"))?;
    Ok((item.to_owned(), value.parse()?))
}

fn unpacked(path: &Path) -> anyhow::Result<String> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text)?;
    Ok(text)
}

/// Counts the letter groups and words of a page of text.
pub(super) fn declaration(page: &str) -> Statistics {
    let text = html_escape::decode_html_entities(&without_tags(page)).to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic() && !is_mark(c)).collect();
    let words = || words.iter().copied().filter(|word| !word.is_empty());
    let mut groups = Frequencies::new();
    for length in [3, 4] {
        groups.extend(frequencies(words().flat_map(|word| windows(word, length))));
    }
    let bare = || words().filter(|word| word.contains(is_sign)).flat_map(|w| w.split(is_sign));
    let bare = [2, 3, 4].map(|length| frequencies(bare().flat_map(|run| windows(run, length))));
    Statistics { groups, words: frequencies(words().map(str::to_owned)), bare: bare.concat() }
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}') || is_sign(c)
}

/// Returns the text after the head of the page.
fn without_tags(page: &str) -> String {
    let body = page.split_once("</head>").map_or(page, |(_, body)| body);
    let parts = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<Vec<_>>().join(" ")
}

fn windows(word: &str, length: usize) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.windows(length).map(|group| group.iter().collect()).collect()
}

fn frequencies(items: impl Iterator<Item = String>) -> Frequencies {
    let (mut counts, mut total) = (HashMap::<String, f64>::new(), 0.0);
    for item in items {
        *counts.entry(item).or_default() += 1.0;
        total += 1.0;
    }
    counts.into_iter().map(|(item, count)| (item, ((count - DISCOUNT) / total).ln())).collect()
}
