//! Events, told as they happen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decisions::DecisionView;
use crate::problem::Problem;

/// An event. Its position in the stream is the id of the event.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EventView {
    /// `article.stored`: an article can be found.
    Stored(StoredEvent),
    /// `article.deleted`: an article was deleted on request.
    Deleted(DeletedEvent),
    /// `entry.decided`: an entry was decided on.
    Decided(Box<DecisionView>),
    /// `gap`: events that are no longer kept were missed.
    Gap(GapEvent),
    /// `cut`: the stream ends, since its client reads too slowly.
    Cut(Box<Problem>),
}

impl EventView {
    /// Returns the name of the event's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Stored(_) => "article.stored",
            Self::Deleted(_) => "article.deleted",
            Self::Decided(_) => "entry.decided",
            Self::Gap(_) => "gap",
            Self::Cut(_) => "cut",
        }
    }
}

/// An article was stored.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StoredEvent {
    /// The id of the article.
    pub id: String,
    /// The revision, Unix milliseconds.
    pub revision: i64,
    /// The address.
    pub url: String,
    /// The headline.
    pub title: String,
    /// RFC 3339 or a date alone; absent if it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// ISO 639-1; absent if it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The submission that led here.
    pub submission_id: String,
    /// False if this revision, or a later one, was stored before.
    pub changed: bool,
}

/// An article was deleted. Nothing else is left of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeletedEvent {
    /// The id of the article.
    pub id: String,
    /// The hash of its last text.
    pub content_hash: String,
    /// The reason code of the request.
    pub reason: String,
    /// Unix milliseconds.
    pub deleted_at_ms: i64,
}

/// Events that were missed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub struct GapEvent {
    /// The position of the first event that is no longer kept.
    pub first_missing: u64,
    /// The position of the last one.
    pub last_missing: u64,
}

/// A choice of events.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventsParams {
    /// `article.stored`, `article.deleted` and `entry.decided`, with commas between; all if absent.
    /// With `q` only the first.
    pub types: Option<String>,
    /// Stored articles that fulfil this query alone.
    #[schemars(extend("format" = "courant-query"))]
    pub q: Option<String>,
    /// The position behind which the stream begins, as `Last-Event-ID`; now, if both are absent.
    pub after: Option<u64>,
}
