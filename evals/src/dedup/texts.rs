//! Reads the texts that several tools extract from the same pages.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use dom_smoothie::{Config, Readability, TextMode};
use serde::Deserialize;
use url::Url;

/// The text that one tool extracts from one page.
#[derive(Debug, Deserialize)]
pub(super) struct Extracted {
    pub(super) page: String,
    pub(super) tool: String,
    pub(super) text: String,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
}

/// Returns the texts that the Rust tools extract from the pages of `folder`, in no order.
pub(super) fn of_rust_tools(folder: &Path) -> anyhow::Result<Vec<Extracted>> {
    let list = fs::read_to_string(folder.join("evaldata.json"))?;
    let pages: HashMap<String, Listed> = serde_json::from_str(&list)?;
    let mut texts = Vec::new();
    for (page, listed) in pages {
        let Some(html) = html(folder, &listed.file)? else { continue };
        for (tool, text) in [("courant", courant(&html, &page)), ("dom_smoothie", smoothie(&html))]
        {
            texts.push(Extracted { page: page.clone(), tool: tool.into(), text });
        }
    }
    Ok(texts)
}

/// Returns the texts of other tools, from the file that `evals/peers/extract.py` made. Returns
/// none if there is no such file.
pub(super) fn of_peers(file: &Path) -> anyhow::Result<Vec<Extracted>> {
    if !file.exists() {
        println!("SKIPPED: trafilatura and newspaper4k: their texts are not at {}", file.display());
        return Ok(Vec::new());
    }
    let lines = fs::read_to_string(file)?;
    lines.lines().map(|line| serde_json::from_str(line).context("a line of the peers")).collect()
}

fn html(folder: &Path, file: &str) -> anyhow::Result<Option<Vec<u8>>> {
    for place in ["cache", "eval"] {
        let path = folder.join(place).join(file);
        if path.exists() {
            return Ok(Some(fs::read(path)?));
        }
    }
    Ok(None)
}

/// Returns the text that Courant extracts. It is empty if the page cannot be read, which counts as
/// a miss.
fn courant(html: &[u8], page: &str) -> String {
    // Second copies of some pages are listed by their file name, which is not a URL.
    let url = Url::parse(page).or_else(|_| Url::parse("https://unknown.example/"));
    let read = url.ok().and_then(|url| courant_extract::page(html, None, &url).ok());
    read.map_or_else(String::new, |page| page.text)
}

fn smoothie(html: &[u8]) -> String {
    let config = Config { text_mode: TextMode::Formatted, ..Config::default() };
    let html = String::from_utf8_lossy(html);
    Readability::new(html.as_ref(), None, Some(config))
        .and_then(|mut readability| readability.parse())
        .map_or_else(|_| String::new(), |article| article.text_content.to_string())
}
