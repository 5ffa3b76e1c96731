//! Searches and lists of articles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::articles::Found;

/// The fields of the query language, each of which is also a parameter of searches, counts and feeds.
pub const FILTERS: [&str; 16] = [
    "title",
    "author",
    "site",
    "source",
    "lang",
    "topic",
    "entity",
    "person",
    "org",
    "place",
    "sentiment",
    "story",
    "decision",
    "date",
    "observed",
    "has",
];

/// Which searches answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// By words and by meaning, fused.
    #[default]
    Hybrid,
    /// By meaning.
    Vector,
    /// By words.
    Text,
}

/// The order of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// The best answer first.
    Relevance,
    /// By time of publication, else of observation; the latest first.
    Newest,
    /// The earliest first.
    Oldest,
}

/// The result of a search.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SearchAnswer {
    /// The question as it was asked.
    pub query: String,
    /// The search that really ran.
    pub mode: Mode,
    /// The order of the results.
    pub sort: Sort,
    /// Why it is less than was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<String>,
    /// The articles that fulfil all conditions, whichever are shown.
    pub total: u64,
    /// True if a hit does not fulfil all conditions: it has only some of the words, or is near in
    /// meaning. `total` does not count it.
    pub relaxed: bool,
    /// The best, newest or oldest first.
    pub hits: Vec<Found>,
    /// Gets the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The number of the last change of the archive that could be found. As the parameter `change`
    /// of another request, it lets a gateway answer that has come as far.
    pub change: i64,
    /// The stored articles that cannot be found yet, because the index is being made; absent if
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_indexed_yet: Option<u64>,
}

/// A search in a URL. Every other parameter is a filter by a field of the query language.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SearchParams {
    /// The question, in the query language. Without words, articles are listed by time.
    #[serde(default)]
    #[schemars(extend("format" = "courant-query"))]
    pub q: String,
    /// The older name of `limit`.
    #[schemars(range(min = 1, max = 100))]
    pub k: Option<usize>,
    /// The number of hits, 1 to 100; 10 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
    /// The searches that answer.
    #[serde(default)]
    pub mode: Mode,
    /// By relevance if the question has words, else the newest first.
    pub sort: Option<Sort>,
    /// Gets the next page, from the answer before.
    #[schemars(extend("format" = "courant-cursor"))]
    pub cursor: Option<String>,
    /// True to show the parts of each score.
    #[serde(default)]
    pub explain: bool,
    /// The age at which an article loses a quarter of its score, an ISO 8601 duration such as
    /// `P3D`. Ages do not count if it is absent.
    #[schemars(extend("format" = "duration"))]
    pub half_life: Option<String>,
    /// The members of a hit that the answer shows, with commas between.
    pub fields: Option<String>,
    /// The number of a change that must be found; from another answer.
    pub change: Option<i64>,
    /// Filters by the names of the query language's fields.
    #[serde(flatten)]
    pub filters: BTreeMap<String, String>,
}
