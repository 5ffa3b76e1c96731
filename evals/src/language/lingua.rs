//! Reads the statistics of `lingua`'s language models: the probability of a letter after others.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use fst::Streamer as _;

use super::statistics::Frequencies;

/// The longest letter groups that are read.
const MAX_LETTERS: usize = 4;

/// Returns the joint frequencies of the letter groups of one language.
pub(super) fn groups(folder: &Path, name: &str) -> anyhow::Result<Frequencies> {
    let path = model(folder, name)?;
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    joint(&fst::Map::new(bytes)?)
}

/// Returns the file of a model, from any version of its crate.
fn model(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let start = format!("lingua-{name}-language-model-");
    let mut crates: Vec<_> = fs::read_dir(folder)
        .with_context(|| folder.display().to_string())?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&start))
        .map(|entry| entry.path().join("models/ngrams.fst"))
        .collect();
    crates.sort();
    crates.pop().with_context(|| format!("no crate {start}* in {}", folder.display()))
}

/// Computes the frequency of each group: that of its start, multiplied by that of its last letter
/// after this start. The map is sorted, so a group follows its own start.
fn joint(map: &fst::Map<Vec<u8>>) -> anyhow::Result<Frequencies> {
    let mut found = Frequencies::new();
    let mut starts: Vec<(String, f64)> = Vec::new();
    let mut stream = map.stream();
    while let Some((group, bits)) = stream.next() {
        let group = str::from_utf8(group)?;
        let length = group.chars().count();
        while starts.last().is_some_and(|(start, _)| !group.starts_with(start.as_str())) {
            starts.pop();
        }
        let before = match starts.last() {
            _ if length == 1 => 0.0,
            Some((start, frequency)) if start.chars().count() + 1 == length => *frequency,
            _ => continue,
        };
        let frequency = before + f64::from_bits(bits);
        starts.push((group.to_owned(), frequency));
        if (2..=MAX_LETTERS).contains(&length) {
            found.push((group.to_owned(), frequency));
        }
    }
    Ok(found)
}
