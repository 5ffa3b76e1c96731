//! Measures the extraction of the main text and the article verdict, on the pages of trafilatura's
//! evaluation, WCXB, fundus and Readability.

use std::path::Path;

use anyhow::Result;

use crate::report::Report;

pub(crate) mod metadata;
pub(crate) mod pages;
pub(crate) mod peers;
mod segments;
mod speed;
mod text;
mod train;
mod train_blocks;
mod verdict;

use pages::{fundus, readability, trafilatura, wcxb};

/// Reads every page of each data set that is present, once and on one thread.
pub(crate) fn run(data: &Path, misses: bool) -> Result<Report> {
    let mut report = Report::default();
    let mut times = Vec::new();
    if let Some(pages) = present(data, "trafilatura-eval", trafilatura)? {
        segments::measure(&mut report, &pages, misses);
        times.extend(pages.iter().map(|page| page.sample.took));
    }
    let wcxb_pages = present(data, "wcxb-dev", wcxb)?;
    let fundus_pages = present(data, "fundus-publishers", fundus)?;
    if let Some(pages) = &wcxb_pages {
        text::measure_wcxb(&mut report, pages, misses);
        times.extend(pages.iter().map(|page| page.sample.took));
    }
    verdict::measure(&mut report, wcxb_pages.as_deref(), fundus_pages.as_deref(), misses);
    if let Some(pages) = present(data, "mozilla-readability", readability)? {
        text::measure_readability(&mut report, &pages, misses);
    }
    speed::measure(&mut report, times);
    Ok(report)
}

/// Learns the weights of the verdict from WCXB and fundus, and prints them as the source of
/// `page/verdict/weights.rs`. Reports their accuracy on hosts that were left out.
pub(crate) fn train(data: &Path) -> Result<Report> {
    let mut report = Report::default();
    let wcxb_pages = present(data, "wcxb-dev", wcxb)?.unwrap_or_default();
    let fundus_pages = present(data, "fundus-publishers", fundus)?.unwrap_or_default();
    train::train(&mut report, &wcxb_pages, &fundus_pages);
    Ok(report)
}

/// Learns the weights that decide which blocks belong to the article. Learns from WCXB,
/// trafilatura's evaluation and Readability's tests. Prints the weights as the source of
/// `page/content/keep/weights.rs`.
pub(crate) fn train_blocks(data: &Path) -> Result<Report> {
    let mut report = Report::default();
    let wcxb_pages = present(data, "wcxb-dev", wcxb)?.unwrap_or_default();
    let trafilatura_pages = present(data, "trafilatura-eval", trafilatura)?.unwrap_or_default();
    let readability_pages = present(data, "mozilla-readability", readability)?.unwrap_or_default();
    train_blocks::train(&mut report, &wcxb_pages, &trafilatura_pages, &readability_pages);
    Ok(report)
}

/// Returns what `read` finds in the folder of a data set. Prints a line if the folder is absent.
fn present<T>(data: &Path, name: &str, read: fn(&Path) -> Result<T>) -> Result<Option<T>> {
    let dir = data.join(name);
    if !dir.is_dir() {
        println!("SKIPPED: {name} is not at {}", data.display());
        return Ok(None);
    }
    read(&dir).map(Some)
}
