//! Measures the extraction of the main text and the article verdict, on the pages of trafilatura's
//! evaluation, WCXB, fundus and Readability.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;

use crate::report::Report;

mod block_signs;
pub(crate) mod metadata;
pub(crate) mod pages;
pub(crate) mod peers;
mod segments;
mod speed;
mod text;
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

/// Writes the numbers of each page of WCXB and fundus, and if it is an article, as lines.
pub(crate) fn verdict_signs(data: &Path, out: &Path) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    for page in present(data, "wcxb-dev", wcxb)?.unwrap_or_default() {
        verdict::write_signs(&mut out, "wcxb", &page.sample, &page.page_type)?;
    }
    for page in present(data, "fundus-publishers", fundus)?.unwrap_or_default() {
        verdict::write_signs(&mut out, "fundus", &page, "article")?;
    }
    Ok(out.flush()?)
}

/// Writes the numbers and the label of each block of WCXB, trafilatura's evaluation, Readability's
/// tests and fundus, as one line for each page.
pub(crate) fn block_signs(data: &Path, out: &Path) -> Result<()> {
    let mut out = BufWriter::new(File::create(out)?);
    for page in present(data, "wcxb-dev", wcxb)?.unwrap_or_default() {
        let set = format!("wcxb-{}", page.page_type);
        block_signs::write_compared(&mut out, &set, &page.sample, &page.text)?;
    }
    for page in present(data, "mozilla-readability", readability)?.unwrap_or_default() {
        block_signs::write_compared(&mut out, "readability", &page.sample, &page.text)?;
    }
    for page in present(data, "trafilatura-eval", trafilatura)?.unwrap_or_default() {
        block_signs::write_chosen(&mut out, &page)?;
    }
    let texts = present(data, "fundus-publishers", metadata::fundus_texts)?.unwrap_or_default();
    for page in present(data, "fundus-publishers", fundus)?.unwrap_or_default() {
        let text = texts.get(page.name.trim_end_matches(".html.gz"));
        let text = text.map_or("", String::as_str);
        block_signs::write_compared(&mut out, "fundus", &page, text)?;
    }
    Ok(out.flush()?)
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
