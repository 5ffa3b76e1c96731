//! Feeds: those that Courant follows, and those that it writes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::syndication::FeedFormat;

/// The health of the feeds, sitemaps and sites that the crawler follows.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeedsView {
    /// The number of them.
    pub followed: u64,
    /// Those of them whose last look failed.
    pub failing: u64,
    /// The worst of those, with the most failures in a row first; at most 20.
    pub worst: Vec<FeedView>,
}

/// A feed, sitemap, site or list of feeds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedView {
    /// The address.
    pub url: String,
    /// `feed`, `sitemap`, `site`, `list` or `opml`; empty until it could be read.
    pub kind: String,
    /// When it was looked at last, RFC 3339.
    pub checked_at: Option<String>,
    /// When it is looked at again at the earliest, RFC 3339; null where its server said that it
    /// is gone for good.
    pub next_check_at: Option<String>,
    /// Seconds between two looks that fit how often it changes.
    pub interval_s: u64,
    /// Looks in a row that failed.
    pub failures: u32,
    /// Why the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A part of what is followed, in the order of the URLs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FeedsPage {
    /// The feeds, sitemaps, sites and lists of this part.
    pub feeds: Vec<FeedView>,
    /// The value of `after` that gets the next part; null at the end.
    pub next: Option<String>,
}

/// A feed in a URL. Every other parameter is a filter by a field of the query language.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct FeedParams {
    /// The question, in the query language. All of its words must stand in an article.
    #[serde(default)]
    #[schemars(extend("format" = "courant-query"))]
    pub q: String,
    /// The format of the feed.
    #[serde(default)]
    pub format: FeedFormat,
    /// The number of articles, 1 to 100; 50 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
    /// Filters by the names of the query language's fields.
    #[serde(flatten)]
    pub filters: BTreeMap<String, String>,
}

/// The form of a list of feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListFormat {
    /// JSON, with the state of each.
    #[default]
    Json,
    /// OPML, for other feed readers: feeds alone.
    Opml,
}

/// A part of what is followed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The URL behind which the part begins.
    #[serde(default)]
    pub after: String,
    /// The number of feeds, 1 to 1000; 1000 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// The form of the list.
    #[serde(default)]
    pub format: ListFormat,
}
