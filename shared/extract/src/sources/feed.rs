//! RSS, Atom, RDF, CDF and JSON Feed in one shape.
//!
//! One tolerant walk reads every XML vocabulary: broken feeds are as common as
//! sound ones, and what stands before the damage is news all the same. The
//! choices where formats leave one open follow the test cases of `feedparser`.

use std::time::Duration;

use courant_article::PublishedAt;
use serde::Serialize;
use url::Url;

use super::sanitize;
use crate::isolate::isolated;
use crate::{gzip, xml};

mod construct;
mod entry;
mod json;
mod names;
mod reader;
mod schedule;
mod scope;
mod vocabulary;

/// Larger feeds are refused.
pub const MAX_FEED_BYTES: usize = 16 * 1024 * 1024;
const MAX_ENTRIES: usize = 5_000;
const MAX_FIELD_BYTES: usize = 512 * 1024;
const MAX_NAMES: usize = 64;

/// A feed, as `courant feed` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// The feed's own title.
    pub title: Option<String>,
    /// The format.
    pub kind: FeedKind,
    /// In the feed's order.
    pub entries: Vec<FeedEntry>,
    /// How long the publisher says that it need not be fetched again: `ttl`, or
    /// the update period and frequency of the syndication module; a week at most.
    #[serde(skip)]
    pub ttl: Option<Duration>,
    /// Hours of the day in GMT, 0 to 23, in which it is not to be fetched.
    #[serde(skip)]
    pub skip_hours: Vec<u8>,
    /// Days of the week in GMT in which it is not to be fetched, 0 for Monday to
    /// 6 for Sunday.
    #[serde(skip)]
    pub skip_days: Vec<u8>,
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FeedKind {
    /// Atom.
    Atom,
    /// The Channel Definition Format.
    Cdf,
    /// JSON Feed.
    Json,
    /// RSS 0.9x.
    Rss0,
    /// RSS 1.0, which is RDF.
    Rss1,
    /// RSS 2.0.
    Rss2,
}

/// One entry of a feed. Title, summary and content are text or, where the feed
/// has HTML, its safe part: nothing in it runs or loads anything but pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FeedEntry {
    /// The publisher's id; where there is none, the URL or else the title.
    pub id: String,
    /// Where the article is, absolute; never an enclosure.
    pub url: Option<String>,
    /// The headline, text or HTML.
    pub title: Option<String>,
    /// In the feed's own offset.
    pub published_at: Option<PublishedAt>,
    /// In the feed's own offset.
    pub updated_at: Option<PublishedAt>,
    /// What the feed says in short, text or HTML.
    pub summary: Option<String>,
    /// The whole article, text or HTML, where the feed has it.
    pub content: Option<String>,
    /// Names of the authors; an address only where there is no name.
    pub authors: Vec<String>,
    /// Terms of the categories.
    pub categories: Vec<String>,
}

impl FeedEntry {
    /// The headline as text, words apart by single spaces.
    pub fn headline(&self) -> Option<String> {
        let text = sanitize::text(self.title.as_deref()?);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!words.is_empty()).then_some(words)
    }
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
    #[error("neither RSS, Atom, RDF, CDF nor JSON Feed")]
    Unknown,
    /// It starts as JSON does, and is none.
    #[error("the feed is not JSON")]
    Json(#[from] serde_json::Error),
    /// The parser failed on it.
    #[error("the feed parser panicked: {0}")]
    Panicked(String),
}

/// Reads a feed of any format. `charset_hint`: the answer's `Content-Type`, or a
/// charset. `base` is where it was fetched: relative links are resolved against it,
/// or else against the page that the feed is of.
///
/// A feed that is not well-formed gives what can be read of it.
///
/// # Errors
/// [`FeedError`] where it is no feed, or too large.
pub fn feed(
    bytes: &[u8],
    charset_hint: Option<&str>,
    base: Option<&Url>,
) -> Result<Feed, FeedError> {
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
    isolated(|| read(&xml::decode(bytes, charset_hint), base)).map_err(FeedError::Panicked)?
}

fn read(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if start.starts_with('{') {
        return json::read(start, base);
    }
    // Warnings of a script before the feed may be anything.
    let start = text.find("<?xml").or_else(|| text.find('<')).ok_or(FeedError::Unknown)?;
    reader::read(&text[start..], base).ok_or(FeedError::Unknown)
}

/// Without control characters and white space around it; `None` if empty.
fn field(mut text: String) -> Option<String> {
    text.truncate(text.floor_char_boundary(MAX_FIELD_BYTES));
    text.retain(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// An absolute http or https URL as it is written, a relative one resolved.
pub(crate) fn link(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    let is_page = |url: &Url| matches!(url.scheme(), "http" | "https");
    match Url::parse(href) {
        Ok(url) if !href.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            is_page(&url).then(|| href.to_owned())
        }
        Ok(url) => is_page(&url).then(|| url.into()),
        Err(_) if href.is_empty() => None,
        Err(_) => base.and_then(|base| base.join(href).ok()).filter(is_page).map(String::from),
    }
}

#[cfg(test)]
mod tests;
