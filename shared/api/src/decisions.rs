//! Decisions on entries: why one was let in, called a copy, or refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::articles::CopyView;

/// Decisions, the latest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecisionsAnswer {
    /// The decisions, the latest first.
    pub decisions: Vec<DecisionView>,
}

/// A decision on an entry.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DecisionView {
    /// The name of the submission.
    pub submission_id: String,
    /// The address of the entry.
    pub url: String,
    /// RFC 3339.
    pub decided_at: String,
    /// `new`, `revision`, `syndicated`, `duplicate` or `refused`.
    pub decision: String,
    /// The rule that decided: `new`, `address` (it was known), `text` (another article has the
    /// same words) or `parts` (another article has nearly the same text).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The article that the entry became, or repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article_id: Option<String>,
    /// The first article with the text, for a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The share of the shorter text that stands in the longer one, for `parts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<f32>,
    /// The longest passage that both texts have, if both are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_passage: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The decision on an article, and the reasons for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DecisionAnswer {
    /// The id of the article, stored or not.
    pub id: String,
    /// The address that names the article, if it was asked for by an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_url: Option<String>,
    /// `new`, `revision`, `syndicated`, `duplicate`, or `unknown` if it never came.
    pub decision: String,
    /// True if the article itself is stored.
    pub stored: bool,
    /// The reasons, as sentences.
    pub reasons: Vec<String>,
    /// The stored article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub article: Option<CopyView>,
    /// The article that had this text first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<CopyView>,
    /// Other stored articles with this text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyView>,
}

/// The entry whose decisions are asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionParams {
    /// The id of an article, or its first digits.
    pub article: Option<String>,
    /// The address of an entry, in any form that leads to the same canonical URL.
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
    /// The name of a submission.
    pub submission: Option<String>,
    /// The number of decisions, 1 to 100; 10 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
}
