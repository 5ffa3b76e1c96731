//! Exports of all articles that fulfil a question.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// A line of JSON per article.
    #[default]
    Jsonl,
    /// Comma-separated values with a head.
    Csv,
}

/// An export in a URL. Every other parameter is a filter by a field of the query language.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ExportParams {
    /// The question, in the query language. All of its words must stand in an article. All articles
    /// if absent.
    #[serde(default)]
    pub q: String,
    /// The format.
    #[serde(default)]
    pub format: ExportFormat,
    /// The `cursor` of the last row that the client has: the export goes on behind it, without a
    /// head.
    pub cursor: Option<String>,
    /// Filters by the names of the query language's fields.
    #[serde(flatten)]
    pub filters: BTreeMap<String, String>,
}
