//! The crawler's visits, listings and notes.

use courant_article::ContentHash;
use serde::{Deserialize, Serialize};

/// The last visit to a URL, for conditional requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// As it was fetched.
    pub url: String,
    /// The header `ETag` of the last answer that had a body.
    pub etag: Option<String>,
    /// The header `Last-Modified` of that answer.
    pub last_modified: Option<String>,
    /// When it was fetched last, Unix milliseconds.
    pub fetched_at_ms: i64,
    /// The HTTP status of the last answer.
    pub status: u16,
    /// The hash of the text that was found there.
    pub content_hash: Option<ContentHash>,
}

/// A feed, sitemap, site or list of feeds that the crawler follows: when to look there
/// again, and why then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// As the source names it.
    pub url: String,
    /// Its kind, in the crawler's word.
    pub kind: String,
    /// When it was looked at last, Unix milliseconds.
    pub checked_at_ms: i64,
    /// When it is to be looked at again, Unix milliseconds.
    pub next_check_at_ms: i64,
    /// The interval that fits how often it changes, seconds.
    pub interval_s: u64,
    /// Looks in a row that failed.
    pub failures: u32,
    /// Why the last one failed.
    pub problem: Option<String>,
    /// The hash of what it named last; two that are equal named the same.
    pub fingerprint: Option<ContentHash>,
    /// Further listings that it names.
    pub leads_to: Vec<String>,
}

/// The health of the feeds, sitemaps and sites that the crawler follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceHealth {
    /// All that were ever looked at.
    pub listings: u64,
    /// Those of them whose last look failed.
    pub failing: u64,
    /// The worst of those, with the most failures in a row first.
    pub worst: Vec<Listing>,
}

/// Something that the crawler must find again after it was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its subject.
    pub kind: NoteKind,
    /// Which page, domain or origin; one note of each kind has this name.
    pub name: String,
    /// The registered domain that it belongs to; empty in notes of release 0.1.
    pub domain: String,
    /// The content, in the words of the crawler; `None`: to be forgotten.
    pub body: Option<String>,
    /// When it is of no use any more, Unix milliseconds.
    pub until_ms: i64,
}

/// The subject of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// A page that was found, and not worked off.
    Page,
    /// A domain that is to be left alone for a while.
    Pause,
    /// The robots.txt of an origin.
    Robots,
}

impl NoteKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Pause => "pause",
            Self::Robots => "robots",
        }
    }
}
