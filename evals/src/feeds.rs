//! Compares the readers of feeds, sitemaps and robots.txt with the expectations of other projects.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use courant_extract::sources::{Feed, FeedEntry};
use dom_query::Document;
use url::Url;

use crate::report::Report;

mod case;
mod expectation;
mod robots;
mod sitemaps;

use case::FeedCase;
use expectation::CaseResult;

/// The folders of `feeds-feedparser` whose cases are counted.
const FOLDERS: [&str; 10] = [
    "wellformed/atom",
    "wellformed/atom10",
    "wellformed/rss",
    "wellformed/rdf",
    "wellformed/cdf",
    "wellformed/base",
    "wellformed/amp",
    "encoding",
    "entities",
    "json",
];

/// The URL that the cases are served from, according to their own expectations.
const SERVED_AT: &str = "http://127.0.0.1:8097/feed.xml";

/// Reads every feed, sitemap and robots.txt of the data sets.
pub(crate) fn measure(data: &Path, misses: bool) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let root = data.join("feeds-feedparser");
    let mut tally = Tally::default();
    for folder in FOLDERS {
        let mut own = Tally::default();
        for file in files(&root.join(folder))? {
            own.count(&file, misses)?;
        }
        report.state(format!("feedparser: {folder}, cases met"), own.share());
        tally.add(own);
    }
    tally.print_out_of_scope();
    report.judge("feedparser: all fields that are reported", tally.share(), 0.95, 0.99);
    report.state("feedparser: cases counted", tally.counted as f64);
    sanitized(&root.join("wellformed/sanitize"), misses, &mut report)?;
    robust(data, misses, &mut report)?;
    sitemaps::measure(&data.join("robots-sitemaps-crawler-commons"), misses, &mut report)?;
    robots::measure(data, misses, &mut report)?;
    Ok(report)
}

/// The number of cases that are met, of those that concern the reported fields.
#[derive(Default)]
struct Tally {
    met: usize,
    counted: usize,
    out_of_scope: BTreeMap<String, usize>,
}

impl Tally {
    fn count(&mut self, file: &Path, misses: bool) -> anyhow::Result<()> {
        let case = FeedCase::read(file)?;
        let feed = read(&case.bytes, &case.base);
        match expectation::check(&case.expectation, feed.as_ref()) {
            CaseResult::Met => (self.met, self.counted) = (self.met + 1, self.counted + 1),
            CaseResult::Missed(why) => {
                self.counted += 1;
                if misses {
                    println!("MISS {}: {why}", file.display());
                }
            }
            CaseResult::OutOfScope(why) => *self.out_of_scope.entry(why).or_default() += 1,
        }
        Ok(())
    }

    fn share(&self) -> f64 {
        self.met as f64 / self.counted as f64
    }

    fn add(&mut self, other: Self) {
        self.met += other.met;
        self.counted += other.counted;
        for (why, count) in other.out_of_scope {
            *self.out_of_scope.entry(why).or_default() += count;
        }
    }

    fn print_out_of_scope(&self) {
        let all: usize = self.out_of_scope.values().sum();
        println!("out of scope: {all} cases, which expect nothing but");
        for (why, count) in &self.out_of_scope {
            println!("{count:>6}  {why}");
        }
    }
}

fn read(bytes: &[u8], base: &str) -> Option<Feed> {
    courant_extract::sources::feed(bytes, None, Url::parse(base).ok().as_ref()).ok()
}

/// Searches the output for active content. The feeds of `folder` try to inject some.
fn sanitized(folder: &Path, misses: bool, report: &mut Report) -> anyhow::Result<()> {
    let (mut safe, mut tally) = (0, Tally::default());
    let all = files(folder)?;
    for file in &all {
        let feed = read(&fs::read(file)?, SERVED_AT);
        let danger = feed.as_ref().and_then(|feed| texts(feed).find_map(|text| danger(&text)));
        safe += usize::from(feed.is_some() && danger.is_none());
        if let Some(danger) = danger {
            println!("UNSAFE {}: {danger}", file.display());
        }
        tally.count(file, misses)?;
    }
    report.judge("feedparser: sanitize, nothing runs", safe as f64 / all.len() as f64, 1.0, 1.0);
    report.state("feedparser: sanitize, text as expected", tally.share());
    Ok(())
}

fn texts(feed: &Feed) -> impl Iterator<Item = String> {
    let of_entry =
        |entry: &FeedEntry| [entry.title.clone(), entry.summary.html(), entry.content.html()];
    let entries = feed.entries.iter().flat_map(of_entry);
    entries.chain([feed.title.clone()]).flatten()
}

/// Returns an element, attribute or link that would run if `text` were shown as HTML.
fn danger(text: &str) -> Option<String> {
    let document = Document::fragment(text);
    let acting = "script, style, iframe, object, embed, applet, svg, math, link, meta, base, form";
    if let Some(element) = document.select(acting).nodes().first() {
        return Some(element.html().to_string());
    }
    let elements = document.select("*");
    let mut attributes = elements.nodes().iter().flat_map(dom_query::NodeRef::attrs);
    let acting = attributes.find(|attribute| {
        let (name, value) = (&*attribute.name.local, attribute.value.trim().to_ascii_lowercase());
        let runs =
            ["javascript:", "vbscript:", "data:"].iter().any(|scheme| value.starts_with(scheme));
        name.starts_with("on") || name == "style" || runs
    });
    acting.map(|attribute| format!("{}={}", &attribute.name.local, attribute.value))
}

/// Reads every file. None may cause a panic, and real feeds must be read as feeds.
fn robust(data: &Path, misses: bool, report: &mut Report) -> anyhow::Result<()> {
    for (set, are_feeds) in
        [("feeds-feedparser", false), ("feeds-feed-rs/fixture", true), ("feeds-miniflux", false)]
    {
        let mut all = files(&data.join(set))?;
        // These files hold another library's output for the feeds.
        all.retain(|file| !file.to_string_lossy().ends_with(".serde.json"));
        let (mut survived, mut read_as_feed) = (0, 0);
        for file in &all {
            let bytes = fs::read(file)?;
            let outcome = catch_unwind(|| read(&bytes, SERVED_AT));
            survived += usize::from(outcome.is_ok());
            let is_feed = outcome.ok().flatten().is_some_and(|feed| !feed.entries.is_empty());
            read_as_feed += usize::from(is_feed);
            if misses && are_feeds && !is_feed {
                println!("NO ENTRIES {}", file.display());
            }
        }
        report.judge(
            format!("{set}: files without a panic"),
            survived as f64 / all.len() as f64,
            1.0,
            1.0,
        );
        if are_feeds {
            report.state(
                format!("{set}: files with entries"),
                read_as_feed as f64 / all.len() as f64,
            );
        }
    }
    Ok(())
}

/// Returns all files below `folder`, in the order of their names.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
