//! A feed as it is read, and the reasons that bytes are none.

use std::time::Duration;

use courant_article::PublishedAt;
use serde::Serialize;

use super::prose::Prose;
use crate::sources::sanitize;

/// Larger feeds are refused.
pub const MAX_FEED_BYTES: usize = 50 * 1024 * 1024;
/// Many feeds put the whole article where others have a summary.
const MAX_SUMMARY_BYTES: usize = 16 * 1024;

/// A feed, as `courant feed` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// The feed's own title.
    pub title: Option<String>,
    /// The format.
    pub kind: FeedKind,
    /// In the feed's order.
    pub entries: Vec<FeedEntry>,
    /// The language that the feed declares for all of it, ISO 639-1.
    #[serde(skip)]
    pub language: Option<String>,
    /// The time for which the publisher says that it need not be fetched again: `ttl`, or
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
/// has HTML, its safe part: nothing in it runs or loads anything but pictures. The
/// title is made safe at once, the longer texts when [`Prose::html`] is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FeedEntry {
    /// The publisher's id; where there is none, the URL or else the title.
    pub id: String,
    /// The URL of the article, absolute; never an enclosure.
    pub url: Option<String>,
    /// The headline, text or HTML.
    pub title: Option<String>,
    /// In the feed's own offset.
    pub published_at: Option<PublishedAt>,
    /// In the feed's own offset.
    pub updated_at: Option<PublishedAt>,
    /// The short text.
    pub summary: Prose,
    /// The whole article, where the feed has it.
    pub content: Prose,
    /// Names of the authors, those of the feed if the entry names none; an address only where
    /// there is no name.
    pub authors: Vec<String>,
    /// True if the authors are those of the feed.
    #[serde(skip)]
    pub authors_are_inherited: bool,
    /// Terms of the categories.
    pub categories: Vec<String>,
}

impl FeedEntry {
    /// The entry with the authors of the feed around it, if it names none itself (RFC 4287, 4.2.1;
    /// JSON Feed 1.1).
    pub(super) fn inheriting(self, authors: &[String]) -> Self {
        if self.authors.is_empty() && !authors.is_empty() {
            Self { authors: authors.to_vec(), authors_are_inherited: true, ..self }
        } else {
            self
        }
    }

    /// The headline as text, words apart by single spaces.
    pub fn headline(&self) -> Option<String> {
        words(self.title.as_deref()?)
    }

    /// The start of the summary as text, words apart by single spaces.
    pub fn summary_text(&self) -> Option<String> {
        words(&self.summary.start(MAX_SUMMARY_BYTES))
    }
}

fn words(prose: &str) -> Option<String> {
    let text = sanitize::text(prose);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

/// Why bytes are no feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Larger than the limit.
    #[error("the feed has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Its size, unpacked; one more than the limit where it was not unpacked further.
        bytes: usize,
        /// The most bytes that it may have.
        limit: usize,
    },
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
