//! Counts of articles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The counts of the articles that fulfil all conditions of a query.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CountAnswer {
    /// The question as it was asked.
    pub query: String,
    /// The articles that fulfil all conditions.
    pub total: u64,
    /// By the names of the properties.
    pub facets: BTreeMap<String, FacetView>,
    /// The periods that have articles, the oldest first; their sum is `total`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<PeriodView>,
    /// The stored articles that cannot be counted yet, because the index is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_indexed_yet: Option<u64>,
}

/// The values of a property.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FacetView {
    /// The most frequent first.
    pub values: Vec<ValueView>,
    /// Further values.
    pub left_out: u64,
    /// Articles without a value.
    pub without: u64,
}

/// One value.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ValueView {
    /// The value.
    pub value: String,
    /// The name of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The number of articles.
    pub count: u64,
}

/// The articles of one period.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeriodView {
    /// The start of the period, RFC 3339.
    pub start: String,
    /// The number of articles.
    pub count: u64,
    /// The articles with each of the most frequent values of `by`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueView>,
}

/// Counts in a URL. Every other parameter is a filter by a field of the query language.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CountParams {
    /// The question, in the query language. All of its words must stand in an article.
    #[serde(default)]
    #[schemars(extend("format" = "courant-query"))]
    pub q: String,
    /// The properties whose values are counted, with commas between.
    #[serde(default)]
    pub facets: String,
    /// The most values of each, 1 to 1000; 10 if absent.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<usize>,
    /// Counts by time as well: `minute`, `hour`, `day`, `week` or `month`.
    pub interval: Option<String>,
    /// A property by whose most frequent values each period is divided.
    pub by: Option<String>,
    /// The number of a change that must be counted; from another answer.
    pub change: Option<i64>,
    /// Filters by the names of the query language's fields.
    #[serde(flatten)]
    pub filters: BTreeMap<String, String>,
}
