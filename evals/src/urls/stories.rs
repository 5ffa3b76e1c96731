//! Measures canonical URLs on the addresses of real stories and the permalinks in their feeds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use courant_dedup::canonicalize;

use crate::report::Report;

/// A story as a feed announced it.
pub(super) struct Story {
    title: String,
    pub(super) url: String,
    guid: String,
}

/// Reads the stories of `mediacloud-urls`.
///
/// # Errors
/// Fails if the file is absent, is not CSV, or lacks a column.
pub(super) fn read(data: &Path) -> Result<Vec<Story>> {
    let path = data.join("mediacloud-urls/random-stories.csv");
    let mut reader =
        csv::Reader::from_path(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let headers = reader.headers()?.clone();
    let column = |name: &str| {
        let at = headers.iter().position(|header| header == name);
        at.with_context(|| format!("{} has no column {name:?}", path.display()))
    };
    let (title, url, guid) = (column("title")?, column("url")?, column("guid")?);
    let story = |row: csv::StringRecord| Story {
        title: row[title].trim().to_lowercase(),
        url: row[url].trim().to_owned(),
        guid: row[guid].trim().to_owned(),
    };
    reader.records().map(|row| Ok(story(row?))).collect()
}

/// Checks that no two stories are merged, and reports other figures.
pub(super) fn judge(stories: &[Story], misses: bool, report: &mut Report) {
    let forms: BTreeSet<String> = stories.iter().filter_map(|s| form(&s.url)).collect();
    let losing: Vec<&Story> = stories.iter().filter(|story| loses_its_query(story)).collect();
    let permalinks: Vec<&Story> = stories.iter().filter(|s| is_other_permalink(s)).collect();
    let (agreeing, apart): (Vec<&Story>, Vec<&Story>) =
        permalinks.iter().partition(|story| form(&story.guid) == form(&story.url));
    let merged = merged(stories);
    report.state("stories", stories.len() as f64);
    report.state("stories: distinct canonical URLs", forms.len() as f64);
    report.judge("stories: not merged with another", unmerged_share(stories, &merged), 1.0, 1.0);
    report.state("stories: lose their whole query", losing.len() as f64);
    report.state("stories: permalink written otherwise", permalinks.len() as f64);
    report.state("stories: of these, recognized by the URL alone", agreeing.len() as f64);
    if misses {
        print_each("merged", merged.iter().map(|(form, titles)| format!("{form}: {titles:?}")));
        print_each("loses its query", losing.iter().map(|story| story.url.clone()));
        let pair = |story: &&Story| format!("{} is not {}", story.guid, story.url);
        print_each("permalink not recognized", apart.iter().map(pair));
    }
}

fn print_each(what: &str, lines: impl Iterator<Item = String>) {
    lines.for_each(|line| println!("{what}: {line}"));
}

fn form(url: &str) -> Option<String> {
    canonicalize(url).ok().map(|url| url.to_string())
}

fn loses_its_query(story: &Story) -> bool {
    let address = story.url.split('#').next().unwrap_or_default();
    address.contains('?') && form(&story.url).is_none_or(|form| !form.contains('?'))
}

fn is_other_permalink(story: &Story) -> bool {
    story.guid.starts_with("http") && story.guid != story.url
}

/// Returns the canonical URLs, of addresses and permalinks, that belong to several titles.
fn merged(stories: &[Story]) -> BTreeMap<String, BTreeSet<&str>> {
    let mut titles = BTreeMap::<String, BTreeSet<&str>>::new();
    for story in stories {
        let guid = Some(&story.guid).filter(|guid| guid.starts_with("http"));
        for form in guid.into_iter().chain([&story.url]).filter_map(|url| form(url)) {
            titles.entry(form).or_default().insert(&story.title);
        }
    }
    titles.retain(|_, titles| titles.len() > 1);
    titles
}

fn unmerged_share(stories: &[Story], merged: &BTreeMap<String, BTreeSet<&str>>) -> f64 {
    let lost: usize = merged.values().map(|titles| titles.len() - 1).sum();
    1.0 - lost as f64 / stories.len() as f64
}
