//! The crawler's visits, listings and notes.

use courant_article::ContentHash;
use serde::{Deserialize, Serialize};

/// The last visit to a URL, for conditional requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The URL as it was fetched.
    pub url: String,
    /// The header `ETag` of the last response with a body.
    pub etag: Option<String>,
    /// The header `Last-Modified` of that response.
    pub last_modified: Option<String>,
    /// The time of the last fetch, in Unix milliseconds.
    pub fetched_at_ms: i64,
    /// The HTTP status of the last response.
    pub status: u16,
    /// The hash of the text that was found there.
    pub content_hash: Option<ContentHash>,
}

/// A feed, sitemap, site or list of feeds that the crawler follows, with the time of the next
/// check and the figures behind that time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The URL as the source states it.
    pub url: String,
    /// The kind of the listing, in the crawler's terms.
    pub kind: String,
    /// The time of the last check, in Unix milliseconds.
    pub checked_at_ms: i64,
    /// The time of the next check, in Unix milliseconds. [`Listing::NEVER_MS`] if the listing has
    /// ended.
    pub next_check_at_ms: i64,
    /// The interval that matches the frequency of its changes, in seconds.
    pub interval_s: u64,
    /// The number of failed checks in a row.
    pub failures: u32,
    /// The reason of the last failure.
    pub problem: Option<String>,
    /// The hash of the last content. Equal hashes mean equal content.
    pub fingerprint: Option<ContentHash>,
    /// Further listings that it links to.
    pub leads_to: Vec<String>,
}

impl Listing {
    /// The time of the next look at a listing that is gone for good: the end of the year 9999.
    pub const NEVER_MS: i64 = 253_402_300_799_000;

    /// Returns true if nobody looks at it again: its server said that it is gone for good.
    pub fn has_ended(&self) -> bool {
        self.next_check_at_ms >= Self::NEVER_MS
    }
}

/// The health of the feeds, sitemaps and sites that the crawler follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceHealth {
    /// Listings that were ever checked.
    pub listings: u64,
    /// Listings whose last check failed.
    pub failing: u64,
    /// The worst failing listings, those with the most failures in a row first.
    pub worst: Vec<Listing>,
}

/// State that the crawler must find again after a crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The kind of the note.
    pub kind: NoteKind,
    /// The page, domain or origin that the note is about. It is unique within its kind.
    pub name: String,
    /// The registered domain of the subject; empty in notes of release 0.1.
    pub domain: String,
    /// The content, in the crawler's format. `None` deletes the note.
    pub body: Option<String>,
    /// The time at which the note expires, in Unix milliseconds.
    pub until_ms: i64,
}

/// The kind of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// A page that was found and is not finished.
    Page,
    /// A domain to which no requests may be sent for a while.
    Pause,
    /// The robots.txt of an origin.
    Robots,
    /// A source that has moved, or may have.
    Moved,
    /// A source that is to be followed.
    Source,
}

impl NoteKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Pause => "pause",
            Self::Robots => "robots",
            Self::Moved => "moved",
            Self::Source => "source",
        }
    }
}
