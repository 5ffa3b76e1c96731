//! Sources: the feeds, sitemaps, sites and lists that the crawler is told to follow.

use courant_article::ContentHash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A source that the crawler is told to follow.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourceView {
    /// The name of the source in paths: 32 hex digits.
    pub id: String,
    /// The address.
    pub url: String,
    /// The origin of the source.
    pub origin: SourceOrigin,
    /// The state of the source.
    pub state: SourceState,
    /// Words by which people find it.
    pub tags: Vec<String>,
    /// When it was first named, RFC 3339.
    pub added_at: String,
    /// `feed`, `sitemap`, `site`, `list` or `opml`; empty until it could be read.
    pub kind: String,
    /// When it was looked at last, RFC 3339; null before the first look.
    pub checked_at: Option<String>,
    /// When it is looked at again at the earliest, RFC 3339; null if no look is planned.
    pub next_check_at: Option<String>,
    /// Looks in a row that failed.
    pub failures: u32,
    /// Why the last one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl SourceView {
    /// Returns the id of the source at `url`, as answers write its address.
    pub fn id_of(url: &str) -> String {
        ContentHash::of_normalized(url).to_string()
    }
}

/// The origin of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceOrigin {
    /// The configuration or the command line of a crawler names it, and alone changes it.
    Configuration,
    /// A request added it.
    Request,
}

/// The state of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// It was not looked at yet.
    Waiting,
    /// The last look succeeded.
    Well,
    /// The last look failed; `problem` says why.
    Failing,
    /// Its server said that it is gone for good. A check looks again.
    Ended,
    /// Nobody looks at it until it is resumed.
    Paused,
}

impl SourceState {
    /// Returns the state as it stands in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Well => "well",
            Self::Failing => "failing",
            Self::Ended => "ended",
            Self::Paused => "paused",
        }
    }
}

/// A part of the sources, in the order of their URLs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SourcesPage {
    /// The sources of this part.
    pub sources: Vec<SourceView>,
    /// The number of all sources that fit.
    pub total: u64,
    /// The value of `after` that gets the next part; null at the end.
    pub next: Option<String>,
}

/// A choice of sources.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourcesParams {
    /// The URL behind which the part begins.
    pub after: String,
    /// The number of sources, 1 to 100; 100 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
    /// Sources with this tag alone.
    pub tag: Option<String>,
}

/// A source to follow.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    /// The address of a feed, sitemap, site, OPML file or list of URLs, http or https.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// Words by which people find it, at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A change of a source. What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceChange {
    /// True pauses the source, false resumes it, also one that has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    /// The new tags, at most 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// The outcome of taking over a list of feeds.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct TakenOver {
    /// The number of sources that were added.
    pub added: usize,
    /// The number of those that were followed before.
    pub known: usize,
    /// The number of addresses that are no sources.
    pub refused: usize,
}
