//! A feed in its parsed form, and the reasons why bytes are no feed.

use std::time::Duration;

use courant_article::PublishedAt;
use serde::Serialize;

use super::prose::Prose;
use crate::sources::sanitize;

/// The most bytes of a feed. Larger feeds are refused.
pub const MAX_FEED_BYTES: usize = 50 * 1024 * 1024;
/// The most bytes of a summary. Many feeds put the whole article in its place.
const MAX_SUMMARY_BYTES: usize = 16 * 1024;

/// A feed, as `courant feed` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// The feed's own title.
    pub title: Option<String>,
    /// The format.
    pub kind: FeedKind,
    /// The entries in the feed's order.
    pub entries: Vec<FeedEntry>,
    /// The language that the feed declares for all its entries, ISO 639-1.
    #[serde(skip)]
    pub language: Option<String>,
    /// The time for which the publisher asks not to fetch the feed again, a week at most. It comes
    /// from `ttl`, or from the update period and frequency of the syndication module.
    #[serde(skip)]
    pub ttl: Option<Duration>,
    /// Hours of the day, 0 to 23 in GMT, in which the publisher asks not to fetch the feed.
    #[serde(skip)]
    pub skip_hours: Vec<u8>,
    /// Days of the week in GMT on which the publisher asks not to fetch the feed, from 0 for Monday
    /// to 6 for Sunday.
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

/// One entry of a feed. Title, summary and content are text, or the safe part of the feed's HTML:
/// nothing in it runs, and it loads nothing but pictures. The title is made safe at once, and the
/// longer texts when [`Prose::html`] is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FeedEntry {
    /// The publisher's id; the URL, or else the title, if there is none.
    pub id: String,
    /// The absolute URL of the article. It is never that of an enclosure.
    pub url: Option<String>,
    /// The headline, as text or HTML.
    pub title: Option<String>,
    /// The publishing time in the feed's own offset.
    pub published_at: Option<PublishedAt>,
    /// The time of the last change in the feed's own offset.
    pub updated_at: Option<PublishedAt>,
    /// The summary.
    pub summary: Prose,
    /// The whole article, if the feed has it.
    pub content: Prose,
    /// The names of the authors, or those of the feed if the entry names none. A mail address
    /// stands in if there is no name.
    pub authors: Vec<String>,
    /// True if the authors are those of the feed, since the entry names none.
    #[serde(skip)]
    pub authors_are_inherited: bool,
    /// The terms of the categories.
    pub categories: Vec<String>,
}

impl FeedEntry {
    /// Returns the entry with the feed's authors if it names none itself (RFC 4287, 4.2.1; JSON
    /// Feed 1.1).
    pub(super) fn inheriting(self, authors: &[String]) -> Self {
        if self.authors.is_empty() && !authors.is_empty() {
            Self { authors: authors.to_vec(), authors_are_inherited: true, ..self }
        } else {
            self
        }
    }

    /// Returns the headline as text, with single spaces between words.
    pub fn headline(&self) -> Option<String> {
        words(self.title.as_deref()?)
    }

    /// Returns the start of the summary as text, with single spaces between words.
    pub fn summary_text(&self) -> Option<String> {
        words(&self.summary.start(MAX_SUMMARY_BYTES))
    }
}

fn words(prose: &str) -> Option<String> {
    let text = sanitize::text(prose);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

/// The reasons why bytes are no feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The feed is larger than the limit.
    #[error("the feed has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// The unpacked size. It is one more than the limit if unpacking stopped there.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are compressed and cannot be decompressed.
    #[error("the feed's gzip stream is broken")]
    Gzip,
    /// The format is unknown.
    #[error("the document is neither RSS, Atom, RDF, CDF nor JSON Feed")]
    Unknown,
    /// The bytes start as JSON does, but are not JSON.
    #[error("the feed is not JSON")]
    Json(#[from] serde_json::Error),
    /// The parser panicked on the feed.
    #[error("the feed parser panicked: {0}")]
    Panicked(String),
}
