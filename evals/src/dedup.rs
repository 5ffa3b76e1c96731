//! `courant-eval dedup`: measures the duplicate check, with the rule and the index of the gateway.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::report::Report;

mod scale;
mod texts;
mod tools;
mod wire;

/// The arguments that choose what is measured.
#[derive(Debug, Args)]
pub(crate) struct DedupArgs {
    /// The texts that `evals/peers/extract.py` made
    #[arg(long, value_name = "FILE", default_value = ".deps/peers/trafilatura-eval.jsonl")]
    peers: PathBuf,
    /// Measures decisions with this many made-up articles in the index, instead
    #[arg(long, value_name = "ARTICLES")]
    scale: Option<usize>,
}

/// Measures the duplicate check.
///
/// # Errors
/// Fails if a data set that is present cannot be read.
pub(crate) fn run(data: &Path, args: &DedupArgs, misses: bool) -> anyhow::Result<Report> {
    let mut report = Report::default();
    if let Some(articles) = args.scale {
        scale::measure(articles, &mut report)?;
        return Ok(report);
    }
    if let Some(folder) = present(data, "trafilatura-eval") {
        tools::measure(&folder, &args.peers, misses, &mut report)
            .context("cannot measure on trafilatura-eval")?;
    }
    let wire = present(data, "news-text").zip(present(data, "dedup-natural-pairs"));
    if let Some((news, pairs)) = wire {
        wire::measure(&news, &pairs, misses, &mut report)
            .context("cannot measure on reuters-21578")?;
    }
    Ok(report)
}

/// Returns the folder of a data set. Prints a line if it is absent.
fn present(data: &Path, name: &str) -> Option<PathBuf> {
    let folder = data.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: {name} is not at {}", folder.display());
    None
}
