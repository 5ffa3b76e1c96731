//! `courant feeds`: shows the sources that the crawler follows, also as OPML for other readers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use courant_extract::sources::{Kind, kind, opml, opml_of, url_list};
use serde_json::{Value, json};

use crate::ask::Where;
use crate::paper::Paper;

#[derive(Debug, Args)]
pub(crate) struct FeedsArgs {
    /// OPML files and URL lists: their feeds, in place of those that are followed
    #[arg(value_name = "SOURCE", conflicts_with_all = ["server", "data"])]
    sources: Vec<PathBuf>,
    /// Write OPML
    #[arg(long, conflicts_with = "json")]
    opml: bool,
    /// With sitemaps, sites and lists, not only feeds
    #[arg(long, conflicts_with = "opml")]
    all: bool,
    #[command(flatten)]
    place: Where,
}

pub(crate) fn run(args: &FeedsArgs) -> anyhow::Result<()> {
    let mut feeds =
        if args.sources.is_empty() { args.place.feeds()? } else { named(&args.sources)? };
    feeds.retain(|feed| args.all || is_feed(feed));
    if args.opml {
        let urls = feeds.iter().filter_map(|feed| feed["url"].as_str()).map(|url| (url, None));
        out!("{}", opml_of(urls));
        return Ok(());
    }
    args.place.show(&Value::Array(feeds), show)
}

/// Returns true for a feed, and for a source that was not read yet, because it may be a feed.
fn is_feed(feed: &Value) -> bool {
    matches!(feed["kind"].as_str(), None | Some("feed" | ""))
}

/// Returns the feeds that `files` name, each once.
fn named(files: &[PathBuf]) -> anyhow::Result<Vec<Value>> {
    let mut seen = BTreeSet::new();
    let mut feeds = Vec::new();
    for file in files {
        let name = file.display();
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
        let urls = match kind(&bytes, None, &file.to_string_lossy()) {
            Kind::Opml => opml(&bytes),
            Kind::UrlList => url_list(&bytes),
            _ => bail!("{name} is neither OPML nor a list of URLs"),
        };
        let urls = urls.with_context(|| format!("cannot read {name}"))?;
        let new = urls.into_iter().filter(|url| seen.insert(url.clone()));
        feeds.extend(new.map(|url| json!({ "url": url })));
    }
    Ok(feeds)
}

fn show(feeds: &Value, _: &Paper) -> String {
    let feeds = feeds.as_array().map(Vec::as_slice).unwrap_or_default();
    if feeds.is_empty() {
        return "  no feeds\n".to_owned();
    }
    feeds.iter().map(line).collect()
}

fn line(feed: &Value) -> String {
    let text = |key: &str| feed[key].as_str().unwrap_or_default();
    let failing = match feed["failures"].as_u64() {
        None | Some(0) => String::new(),
        Some(times) => format!("  ({times} times in a row: {})", text("problem")),
    };
    let next = match feed["next_check_at"].as_str() {
        None if feed["failures"].as_u64() > Some(0) => "ended",
        next => next.unwrap_or_default(),
    };
    format!("{next:<20}  {:<7}  {}{failing}\n", text("kind"), text("url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_become_opml_and_opml_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list.txt");
        std::fs::write(&list, "# mine\nhttps://a.example/feed\nhttps://b.example/?a=1&b=2\n")
            .unwrap();
        let feeds = named(std::slice::from_ref(&list)).unwrap();
        let file = folder.path().join("feeds.opml");
        let urls = feeds.iter().filter_map(|feed| feed["url"].as_str());
        std::fs::write(&file, opml_of(urls.map(|url| (url, None)))).unwrap();
        assert_eq!(named(&[file, list]).unwrap(), feeds, "each once");
        let page = folder.path().join("page.html");
        std::fs::write(&page, "<html>").unwrap();
        assert!(named(&[page]).unwrap_err().to_string().contains("neither OPML"));
    }

    #[test]
    fn a_feed_that_fails_says_so() {
        let feeds = json!([
            {"url": "https://a.example/feed", "kind": "feed", "failures": 0,
             "next_check_at": "2024-03-05T09:30:00Z"},
            {"url": "https://b.example/feed", "kind": "", "failures": 3, "problem": "not fetched",
             "next_check_at": "2024-03-05T09:30:00Z"},
        ]);
        let text = show(&feeds, &Paper::standard_output());
        assert!(
            text.starts_with("2024-03-05T09:30:00Z  feed     https://a.example/feed\n"),
            "{text}"
        );
        assert!(
            text.ends_with("https://b.example/feed  (3 times in a row: not fetched)\n"),
            "{text}"
        );
        let gone = json!([{"url": "https://c.example/feed", "kind": "feed", "failures": 1,
            "problem": "gone for good (410)", "next_check_at": null}]);
        let text = show(&gone, &Paper::standard_output());
        assert!(text.starts_with("ended                 feed "), "{text}");
        assert!(feeds.as_array().unwrap().iter().all(is_feed));
        assert!(!is_feed(&json!({"kind": "sitemap"})));
    }
}
