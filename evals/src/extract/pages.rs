//! Reads the pages of the data sets with Courant, and their expected values.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use courant_extract::{Page, Signs};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// The URL of the few pages whose own URL is not known.
const UNKNOWN_URL: &str = "https://unknown.example/page";

/// A page as Courant reads it.
pub(crate) struct ReadPage {
    /// The name that a list of misses uses.
    pub(crate) name: String,
    /// The page as it was read. It is empty if reading failed, which counts as a miss.
    pub(crate) page: Page,
    pub(crate) host: String,
    file: PathBuf,
    pub(crate) url: Url,
    pub(crate) took: Duration,
}

/// A page of trafilatura's evaluation.
pub(crate) struct TrafilaturaPage {
    pub(crate) sample: ReadPage,
    /// Pieces that the text must contain.
    pub(crate) with: Vec<String>,
    /// Pieces that the text must not contain.
    pub(crate) without: Vec<String>,
}

/// A page of WCXB.
pub(crate) struct WcxbPage {
    pub(crate) sample: ReadPage,
    /// `article`, `forum`, `product`, `collection`, `listing`, `documentation`,
    /// `service`.
    pub(crate) page_type: String,
    pub(crate) text: String,
}

/// A page of Readability's tests.
pub(crate) struct ReadabilityPage {
    pub(crate) sample: ReadPage,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct Segments {
    file: String,
    with: Vec<String>,
    without: Vec<String>,
}

pub(crate) fn trafilatura(dir: &Path) -> Result<Vec<TrafilaturaPage>> {
    let cases: BTreeMap<String, Segments> = json(&dir.join("evaldata.json"))?;
    let read = |(url, case): (String, Segments)| {
        let folders = [dir.join("cache"), dir.join("eval")];
        let file = folders.iter().map(|folder| folder.join(&case.file)).find(|file| file.is_file());
        let file = file.with_context(|| format!("cannot find {}", case.file))?;
        let sample = sample(case.file, &file, &url)?;
        Ok(TrafilaturaPage { sample, with: case.with, without: case.without })
    };
    cases.into_iter().map(read).collect()
}

#[derive(Deserialize)]
struct Index {
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    split: String,
    page_type: String,
}

#[derive(Deserialize)]
struct Label {
    #[serde(default)]
    url: String,
    ground_truth: Truth,
}

#[derive(Deserialize)]
struct Truth {
    #[serde(default)]
    main_content: String,
}

pub(crate) fn wcxb(dir: &Path) -> Result<Vec<WcxbPage>> {
    let index: Index = json(&dir.join("metadata.json"))?;
    let dev = index.files.into_iter().filter(|(_, entry)| entry.split == "dev");
    let read = |(id, entry): (String, Entry)| {
        let label: Label = json(&dir.join(format!("dev/ground-truth/{id}.json")))?;
        let file = dir.join(format!("dev/html/{id}.html"));
        let url = if label.url.is_empty() { UNKNOWN_URL } else { &label.url };
        let sample = sample(id, &file, url)?;
        Ok(WcxbPage { sample, page_type: entry.page_type, text: label.ground_truth.main_content })
    };
    dev.map(read).collect()
}

#[derive(Deserialize)]
struct Crawled {
    url: String,
}

pub(crate) fn fundus(dir: &Path) -> Result<Vec<ReadPage>> {
    let mut samples = Vec::new();
    for country in folder(&dir.join("pages"))? {
        let crawled: BTreeMap<String, Crawled> = json(&country.join("meta.info"))?;
        for (name, crawled) in crawled {
            let file = country.join(name.trim_end_matches(".gz"));
            if !file.is_file() {
                continue; // listed, but not in the set
            }
            samples.push(sample(name, &file, &crawled.url)?);
        }
    }
    Ok(samples)
}

pub(crate) fn readability(dir: &Path) -> Result<Vec<ReadabilityPage>> {
    let read = |case: PathBuf| {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let sample = sample(name, &case.join("source.html"), "http://fakehost/test/page.html")?;
        let html = fs::read_to_string(case.join("expected.html"))?;
        Ok(ReadabilityPage { sample, text: without_tags(&html) })
    };
    folder(&dir.join("pages"))?.into_iter().map(read).collect()
}

fn sample(name: String, file: &Path, url: &str) -> Result<ReadPage> {
    let html = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let url: Url = url.parse().with_context(|| format!("{name} has no URL, but {url:?}"))?;
    let start = Instant::now();
    let page = courant_extract::page(&html, None, &url);
    let took = start.elapsed();
    let page = page.unwrap_or_else(|error| {
        println!("{name}: {error}");
        Page::default()
    });
    let host = url.host_str().unwrap_or_default().to_owned();
    Ok(ReadPage { name, page, host, file: file.to_owned(), url, took })
}

impl ReadPage {
    /// Returns the evidence for the verdict; `None` if the page cannot be read.
    pub(crate) fn signs(&self) -> Option<Signs> {
        let html = fs::read(&self.file).ok()?;
        courant_extract::signs(&html, None, &self.url).ok()
    }

    /// Returns the blocks that may belong to the article, with their numbers; none if the page
    /// cannot be read.
    pub(crate) fn blocks(&self) -> Vec<(String, Signs)> {
        let html = fs::read(&self.file).unwrap_or_default();
        courant_extract::block_signs(&html, None, &self.url).unwrap_or_default()
    }
}

/// Returns the text of well-formed HTML, good enough to compare words. Tags become spaces, and the
/// commonest entities are decoded.
fn without_tags(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |parts| parts.1));
    let text = pieces.collect::<Vec<_>>().join(" ");
    text.replace("&nbsp;", " ").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
}

fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

/// Reads a JSON file. It is parsed as any JSON first, because some sets have lone surrogates in
/// fields that are not needed.
fn json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let value: Value = serde_json::from_slice(&bytes)
        .with_context(|| format!("cannot understand {}", path.display()))?;
    serde_json::from_value(value).with_context(|| format!("cannot use {}", path.display()))
}
