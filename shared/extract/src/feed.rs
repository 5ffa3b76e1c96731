//! RSS, Atom and JSON Feed in one shape.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use courant_article::PublishedAt;
use feed_rs::model;
use serde::Serialize;
use url::Url;

use crate::isolate::isolated;
use crate::{charset, date, gzip};

/// Larger feeds are refused.
pub const MAX_FEED_BYTES: usize = 16 * 1024 * 1024;
const MAX_ENTRIES: usize = 5_000;
const MAX_FIELD_BYTES: usize = 512 * 1024;
const MAX_NAMES: usize = 64;
/// A longer `ttl` than a week says nothing about when to look again.
const MAX_TTL_MINUTES: u32 = 7 * 24 * 60;

/// A feed, as `courant feed` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// The feed's own title.
    pub title: Option<String>,
    /// The format.
    pub kind: FeedKind,
    /// In the feed's order.
    pub entries: Vec<FeedEntry>,
    /// How long the publisher says that it need not be fetched again.
    #[serde(skip)]
    pub ttl: Option<Duration>,
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// Atom.
    Atom,
    /// JSON Feed.
    Json,
    /// RSS 0.9x.
    Rss0,
    /// RSS 1.0, which is RDF.
    Rss1,
    /// RSS 2.0.
    Rss2,
}

/// One entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedEntry {
    /// The publisher's id; where there is none, one made from link and title.
    pub id: String,
    /// Where the article is, absolute.
    pub url: Option<String>,
    /// The headline.
    pub title: Option<String>,
    /// In the feed's own offset.
    pub published_at: Option<PublishedAt>,
    /// In the feed's own offset.
    pub updated_at: Option<PublishedAt>,
    /// As the feed has it, HTML included.
    pub summary: Option<String>,
    /// As the feed has it, HTML included.
    pub content: Option<String>,
    /// Names of the authors.
    pub authors: Vec<String>,
    /// Terms of the categories.
    pub categories: Vec<String>,
}

/// Why bytes are no feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Larger than [`MAX_FEED_BYTES`].
    #[error("the feed has {0} bytes, more than {MAX_FEED_BYTES}")]
    TooLarge(usize),
    /// Compressed, and cannot be decompressed.
    #[error("the feed's gzip stream is broken")]
    Gzip,
    /// No format that is known.
    #[error("not a feed: {0}")]
    Parse(#[from] feed_rs::parser::ParseFeedError),
    /// The parser failed on it.
    #[error("the feed parser panicked: {0}")]
    Panicked(String),
}

/// Reads a feed of any format. `base` is where it was fetched: relative links
/// are resolved against it.
///
/// A feed that is not well-formed is tried once more with what commonly breaks
/// it repaired: a wrong encoding, control characters, an unknown RSS version.
///
/// # Errors
/// [`FeedError`] where it is no feed, or too large.
pub fn feed(bytes: &[u8], base: Option<&Url>) -> Result<Feed, FeedError> {
    let inflated;
    let bytes = if gzip::is_gzip(bytes) {
        inflated = gzip::inflate(bytes, MAX_FEED_BYTES + 1).ok_or(FeedError::Gzip)?;
        inflated.as_slice()
    } else {
        bytes
    };
    if bytes.len() > MAX_FEED_BYTES {
        return Err(FeedError::TooLarge(bytes.len()));
    }
    let parsed = parse(bytes, base);
    parsed.or_else(|error| parse(repaired(bytes).as_bytes(), base).map_err(|_| error))
}

fn parse(bytes: &[u8], base: Option<&Url>) -> Result<Feed, FeedError> {
    let dates = Dates::default();
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base.map(Url::as_str))
        .sanitize_content(false)
        .timestamp_parser({
            let dates = dates.clone();
            move |text| dates.remember(text).map(SystemTime::into)
        })
        .build();
    let feed = isolated(|| parser.parse(bytes)).map_err(FeedError::Panicked)??;
    Ok(converted(feed, base, &dates))
}

/// The dates of one feed as they were written. `feed-rs` keeps instants in UTC
/// alone; the nanoseconds of each instant carry the place of its date in here.
#[derive(Clone, Default)]
struct Dates(Arc<Mutex<Vec<PublishedAt>>>);

impl Dates {
    fn remember(&self, text: &str) -> Option<SystemTime> {
        let date = date::published_at(text)?;
        let mut dates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place =
            Duration::from_nanos(u64::try_from(dates.len()).ok().filter(|at| *at < 1_000_000_000)?);
        let seconds = Duration::from_secs(date.unix_seconds().unsigned_abs());
        let instant = if date.unix_seconds() < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(seconds)?
        } else {
            SystemTime::UNIX_EPOCH.checked_add(seconds)?
        };
        dates.push(date);
        instant.checked_add(place)
    }

    fn recall(&self, place: u32) -> Option<PublishedAt> {
        let dates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dates.get(usize::try_from(place).ok()?).cloned()
    }
}

fn converted(feed: model::Feed, base: Option<&Url>, dates: &Dates) -> Feed {
    let kind = match feed.feed_type {
        model::FeedType::Atom => FeedKind::Atom,
        model::FeedType::JSON => FeedKind::Json,
        model::FeedType::RSS0 => FeedKind::Rss0,
        model::FeedType::RSS1 => FeedKind::Rss1,
        model::FeedType::RSS2 => FeedKind::Rss2,
    };
    let entries = feed.entries.into_iter().take(MAX_ENTRIES);
    Feed {
        title: feed.title.and_then(|title| field(title.content)),
        kind,
        entries: entries.map(|entry| converted_entry(entry, kind, base, dates)).collect(),
        ttl: feed
            .ttl
            .filter(|minutes| (1..=MAX_TTL_MINUTES).contains(minutes))
            .map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
    }
}

fn converted_entry(
    entry: model::Entry,
    kind: FeedKind,
    base: Option<&Url>,
    dates: &Dates,
) -> FeedEntry {
    let published = entry.published.map(|at| at.timestamp_subsec_nanos());
    // For RSS, `feed-rs` copies the publishing date: that is no update.
    let is_copy = !matches!(kind, FeedKind::Atom | FeedKind::Json);
    let updated = entry.updated.map(|at| at.timestamp_subsec_nanos());
    let updated = updated.filter(|at| !is_copy || Some(*at) != published);
    FeedEntry {
        url: entry_url(&entry, base),
        id: entry.id,
        title: entry.title.and_then(|title| field(title.content)),
        published_at: published.and_then(|place| dates.recall(place)),
        updated_at: updated.and_then(|place| dates.recall(place)),
        summary: entry.summary.and_then(|summary| field(summary.content)),
        content: entry.content.and_then(|content| field(content.body?)),
        authors: names(entry.authors.into_iter().filter_map(|author| author.name.or(author.email))),
        categories: names(entry.categories.into_iter().map(|category| category.term)),
    }
}

/// The entry's own page; where no link says, the id if it is a URL.
fn entry_url(entry: &model::Entry, base: Option<&Url>) -> Option<String> {
    let is_page = |link: &&model::Link| matches!(link.rel.as_deref(), None | Some("alternate"));
    let is_html =
        |link: &&model::Link| link.media_type.as_deref().is_none_or(|kind| kind.contains("html"));
    let pages = || entry.links.iter().filter(is_page);
    let link =
        pages().find(is_html).or_else(|| pages().next()).map_or(&entry.id, |link| &link.href);
    let url = match base {
        Some(base) if link != &entry.id => base.join(link.trim()),
        _ => Url::parse(link.trim()),
    };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https")).map(String::from)
}

/// Without control characters and white space around it; `None` if empty.
fn field(mut text: String) -> Option<String> {
    text.truncate(text.floor_char_boundary(MAX_FIELD_BYTES));
    text.retain(is_allowed);
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_allowed(c: char) -> bool {
    !c.is_control() || matches!(c, '\t' | '\n' | '\r')
}

fn names(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names.filter_map(field).take(MAX_NAMES) {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// The feed as clean UTF-8 with a version that is known.
fn repaired(bytes: &[u8]) -> String {
    let text = charset::decode(bytes, None);
    let start = text.find(['<', '{']).unwrap_or_default();
    let body = match text[start..].strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) {
        Some((_, body)) => body,
        None => &text[start..],
    };
    with_known_version(&body.chars().filter(|c| is_allowed(*c)).collect::<String>())
}

fn with_known_version(text: &str) -> String {
    let tag = text.find("<rss").and_then(|start| Some((start, start + text[start..].find('>')?)));
    let Some((start, end)) = tag else { return text.to_owned() };
    let namespaces = text[start..end].split_whitespace().filter(|part| part.starts_with("xmlns"));
    let namespaces = namespaces.collect::<Vec<_>>().join(" ");
    format!("{}<rss version=\"2.0\" {namespaces}{}", &text[..start], &text[end..])
}

#[cfg(test)]
mod tests;
