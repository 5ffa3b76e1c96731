//! `courant extract`: extracts articles from HTML pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use courant_article::Origin;
use courant_extract::{Deadline, Page};
use courant_telemetry::Clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::json_lines::JsonLines;
use crate::address::page_address;
use crate::jsonl;

#[derive(Debug, Args)]
pub(crate) struct ExtractArgs {
    /// One HTML page
    #[arg(required_unless_present = "jsonl", conflicts_with_all = ["jsonl", "jobs"])]
    file: Option<PathBuf>,
    /// The URL that the page came from
    #[arg(long, value_name = "U", requires = "file", value_parser = page_address)]
    url: Option<Url>,
    /// The time limit for one page, in milliseconds; a page that takes longer is an error
    #[arg(long, value_name = "N", default_value = "2000")]
    max_page_ms: u64,
    #[command(flatten)]
    lines: JsonLines,
}

#[derive(Deserialize)]
struct ExtractInput {
    id: Value,
    url: Option<String>,
    html_path: PathBuf,
}

/// An extracted page, as the command prints it.
#[derive(Serialize)]
struct ExtractOutput {
    id: Value,
    is_article: bool,
    title: Option<String>,
    authors: Vec<String>,
    published_at: Option<String>,
    language: Option<String>,
    site_name: Option<String>,
    text: String,
    error: Option<String>,
    canonical_url: Option<String>,
    modified_at: Option<String>,
    section: Option<String>,
    tags: Vec<String>,
    image: Option<String>,
    paywalled: bool,
    evidence: BTreeMap<&'static str, Source>,
}

/// The source of one value.
#[derive(Serialize)]
struct Source {
    source: Origin,
}

impl ExtractOutput {
    fn new(id: Value, page: Page) -> Self {
        let evidence = page.evidence.values();
        let evidence = evidence.map(|(name, source)| (name, Source { source })).collect();
        Self {
            id,
            is_article: page.is_article,
            title: Some(page.title).filter(|title| !title.is_empty()),
            authors: page.authors,
            published_at: page.published_at.map(String::from),
            language: page.language,
            site_name: page.site_name,
            text: page.text,
            error: None,
            canonical_url: page.canonical_url,
            modified_at: page.modified_at.map(String::from),
            section: page.section,
            tags: page.tags,
            image: page.image,
            paywalled: page.paywalled,
            evidence,
        }
    }
}

/// Extracts one page, or the page of each line.
pub(crate) fn run(args: &ExtractArgs) -> anyhow::Result<()> {
    let limit = Duration::from_millis(args.max_page_ms);
    if let Some(file) = &args.file {
        let page = extract(file, args.url.as_ref(), limit)?;
        let answer = ExtractOutput::new(Value::String(file.display().to_string()), page);
        outln!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    jsonl::each_line(args.lines.jobs, |question: ExtractInput| {
        let url = question.url.as_deref().map(page_address).transpose();
        let url = url.map_err(|wrong| anyhow!("url: {wrong}"))?;
        Ok(ExtractOutput::new(question.id, extract(&question.html_path, url.as_ref(), limit)?))
    })
}

fn extract(file: &Path, url: Option<&Url>, limit: Duration) -> anyhow::Result<Page> {
    let name = file.display();
    let html = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
    let unknown = Url::parse("http://localhost/").context("the stand-in URL is valid")?;
    let fetched_at_ms = Some(Clock::system().unix_ms());
    let context = courant_extract::Context { fetched_at_ms, ..Default::default() };
    let deadline = Deadline::after(limit);
    courant_extract::page_within(&html, None, url.unwrap_or(&unknown), context, &deadline)
        .with_context(|| format!("cannot extract {name}"))
}
