//! `courant feeds`: shows the sources that the crawler follows, also as OPML for other readers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use courant_api::feeds::FeedView;
use courant_extract::sources::{Kind, kind, opml, opml_of, url_list};

use crate::ask::Where;

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
        out!("{}", opml_of(feeds.iter().map(|feed| (feed.url.as_str(), None))));
        return Ok(());
    }
    let feeds = serde_json::to_value(feeds)?;
    args.place.show(&feeds, |feeds: &Vec<FeedView>, _| show(feeds))
}

/// Returns true for a feed, and for a source that was not read yet, because it may be a feed.
fn is_feed(feed: &FeedView) -> bool {
    matches!(feed.kind.as_str(), "feed" | "")
}

/// Returns the feeds that `files` name, each once.
fn named(files: &[PathBuf]) -> anyhow::Result<Vec<FeedView>> {
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
        feeds.extend(new.map(|url| FeedView { url, ..FeedView::default() }));
    }
    Ok(feeds)
}

fn show(feeds: &[FeedView]) -> String {
    match feeds {
        [] => "  no feeds\n".to_owned(),
        feeds => feeds.iter().map(line).collect(),
    }
}

fn line(feed: &FeedView) -> String {
    let problem = feed.problem.as_deref().unwrap_or_default();
    let failing = match feed.failures {
        0 => String::new(),
        times => format!("  ({times} times in a row: {problem})"),
    };
    let next = match feed.next_check_at.as_deref() {
        None if feed.failures > 0 => "ended",
        next => next.unwrap_or_default(),
    };
    format!("{next:<20}  {:<7}  {}{failing}\n", feed.kind, feed.url)
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
        let urls = feeds.iter().map(|feed| feed.url.as_str());
        std::fs::write(&file, opml_of(urls.map(|url| (url, None)))).unwrap();
        assert_eq!(named(&[file, list]).unwrap(), feeds, "each once");
        let page = folder.path().join("page.html");
        std::fs::write(&page, "<html>").unwrap();
        assert!(named(&[page]).unwrap_err().to_string().contains("neither OPML"));
    }

    #[test]
    fn a_feed_that_fails_says_so() {
        let feed =
            |url: &str, kind: &str, failures: u32, problem: &str, next: Option<&str>| FeedView {
                url: url.into(),
                kind: kind.into(),
                failures,
                problem: Some(problem.into()),
                next_check_at: next.map(str::to_owned),
                ..FeedView::default()
            };
        let next = Some("2024-03-05T09:30:00Z");
        let feeds = [
            feed("https://a.example/feed", "feed", 0, "", next),
            feed("https://b.example/feed", "", 3, "not fetched", next),
        ];
        let text = show(&feeds);
        assert!(
            text.starts_with("2024-03-05T09:30:00Z  feed     https://a.example/feed\n"),
            "{text}"
        );
        assert!(
            text.ends_with("https://b.example/feed  (3 times in a row: not fetched)\n"),
            "{text}"
        );
        let text = show(&[feed("https://c.example/feed", "feed", 1, "gone for good (410)", None)]);
        assert!(text.starts_with("ended                 feed "), "{text}");
        assert!(feeds.iter().all(is_feed));
        assert!(!is_feed(&feed("", "sitemap", 0, "", None)));
    }
}
