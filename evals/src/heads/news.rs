//! Reads NewsMTSC: sentences of news that mention people and parties, with the sentiment towards
//! each.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// A sentence with its sentiment towards one of those whom it mentions.
pub(crate) struct Mention {
    pub(crate) text: String,
    /// 0 negative, 1 neutral, 2 positive.
    pub(crate) class: usize,
    /// True if all mentions in the sentence have the same class. Only then does the sentence as a
    /// whole have a sentiment.
    pub(crate) agreed: bool,
}

#[derive(Deserialize)]
struct Line {
    sentence_normalized: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    /// 2 for negative, 4 for neutral, 6 for positive.
    polarity: f64,
}

fn path(data: &Path) -> PathBuf {
    data.join("news-text/newsmtsc/train.jsonl")
}

/// Reads the mentions in the order of the file. Prints a line if the data is absent.
pub(crate) fn read(data: &Path) -> Result<Option<Vec<Mention>>> {
    let path = path(data);
    if !path.is_file() {
        println!("SKIPPED: newsmtsc is not at {}", data.display());
        return Ok(None);
    }
    let lines = std::fs::read_to_string(&path)?;
    let mut mentions = Vec::new();
    for line in lines.lines() {
        let line: Line = serde_json::from_str(line).context("a line of newsmtsc is none")?;
        let classes: Vec<usize> =
            line.targets.iter().map(|target| class(target.polarity)).collect::<Result<_>>()?;
        let agreed = classes.iter().all(|class| *class == classes[0]);
        let text = line.sentence_normalized.trim();
        mentions.extend(classes.into_iter().map(|class| Mention {
            text: text.to_owned(),
            class,
            agreed,
        }));
    }
    Ok(Some(mentions))
}

/// Returns the SHA-256 of the file.
pub(crate) fn sha256(data: &Path) -> Result<String> {
    Ok(super::sha256(&std::fs::read(path(data))?))
}

fn class(polarity: f64) -> Result<usize> {
    match polarity as i64 {
        2 => Ok(0),
        4 => Ok(1),
        6 => Ok(2),
        _ => anyhow::bail!("the polarity {polarity} is unknown"),
    }
}
