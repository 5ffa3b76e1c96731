//! Deletions of articles.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The deletion of all articles that fulfil a question.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeletionRequest {
    /// The question, in the query language. All its words must stand in an article.
    pub q: String,
    /// Filters by the names of the query language's fields.
    pub filters: BTreeMap<String, String>,
    /// The reason code: letters, digits, `-` and `_`, at most 64. The log and the event keep it.
    pub reason: String,
    /// True to count the articles, and delete none.
    pub dry_run: bool,
    /// The number of articles that a dry run counted. If another number would be deleted, none is.
    pub expect: Option<u64>,
}

/// The reason for the deletion of one article.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DeletionReason {
    /// The reason code: letters, digits, `-` and `_`, at most 64. The log and the event keep it.
    pub reason: String,
}

/// The outcome of a deletion.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Deletion {
    /// The articles that were named, or that fulfil the question.
    pub articles: u64,
    /// `counted` by a dry run, `requested`, or `deleted`.
    pub state: DeletionState,
    /// Some of the articles, the newest first, with their headlines; in a dry run alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<DeletionExample>,
}

/// The progress of a deletion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeletionState {
    /// A dry run counted the articles.
    #[default]
    Counted,
    /// The articles will be deleted: the request is kept until it is carried out.
    Requested,
    /// The articles are deleted.
    Deleted,
}

/// An article that would be deleted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DeletionExample {
    /// Its id.
    pub id: String,
    /// The address.
    pub url: String,
    /// The headline.
    pub title: String,
}
