//! Articles: those that a search found, a stored one, its versions and its copies.

use std::collections::BTreeMap;

use courant_article::{Analysis, FeedFields, Origin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ModelView;

/// An article that a search found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
// `fields` chooses the members that are shown.
#[schemars(extend("required" = ["id"]))]
pub struct Found {
    /// Names the article, for `get_article`.
    pub id: String,
    /// The address.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The publisher's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    /// RFC 3339 or a date alone, as the page or the feed that names it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Comparable within one answer only; absent in a list by time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// Place in the full-text search, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_rank: Option<u32>,
    /// Place in the vector search, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_rank: Option<u32>,
    /// The part of the text that answers best.
    pub snippet: String,
    /// The places of the query's words in `title`, and in `snippet`: start and end in code
    /// points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub title_highlights: Vec<(usize, usize)>,
    /// The places of the query's words in `snippet`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub snippet_highlights: Vec<(usize, usize)>,
    /// The article of another publisher that had this text first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syndicated_of: Option<String>,
    /// Further copies of this text that answer the question, too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copies: u32,
    /// True if the article does not fulfil all conditions of the question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relaxed: bool,
    /// The parts of the score, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// The parts of a score.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The score by words (BM25); null if no word of the question stands in the article.
    pub text_score: Option<f32>,
    /// The cosine of the vectors of question and article; null if the article is not among the
    /// nearest.
    pub cosine: Option<f32>,
    /// The factor for the age of the article, if the search weighs ages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_weight: Option<f32>,
    /// The probability that the article answers the question, where a re-ranker read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relevance: Option<f32>,
    /// The rule by which the parts become one score.
    pub rule: String,
}

/// A stored article.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ArticleView {
    /// The id, for other requests.
    pub id: String,
    /// When this version was observed, Unix milliseconds.
    pub revision: i64,
    /// The address.
    pub url: String,
    /// The headline.
    pub title: String,
    /// Names of the authors.
    pub authors: Vec<String>,
    /// RFC 3339 or a date alone, as the page or the feed that names it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// ISO 639-1: detected, else declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The publisher's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    /// The main text; absent where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// True if the text is longer than this.
    pub truncated: bool,
    /// The older name of `truncated`.
    pub text_truncated: bool,
    /// The feed, site or program it came from.
    pub source: String,
    /// `new`, `revision` or `syndicated`.
    pub decision: String,
    /// The article of another publisher that had this text first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syndicated_of: Option<String>,
    /// Other articles with the same text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyView>,
    /// The lead image's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Tags and keywords, in the page's words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The publisher's section, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// RFC 3339 or a date alone, as the page says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<String>,
    /// The page declares that not everybody may read all of it.
    pub paywalled: bool,
    /// The submitter's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer_id: Option<String>,
    /// `title`, `summary`, `authors`, `categories` and `published_at` in the words of the
    /// feed that named the page.
    #[serde(default, skip_serializing_if = "FeedFields::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub feed: FeedFields,
    /// The source of each value by the value's name: `declared` by the page's metadata,
    /// `listed` by the feed or news sitemap that names the page, `shown` to readers, or
    /// `guessed`. A better source outranks a weaker one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, EvidenceView>,
    /// RFC 3339.
    pub stored_at: String,
    /// The model that made the vector.
    pub model: ModelView,
    /// `language`, `topics`, `sentiment`, `keyphrases`, `summary`, `entities`, and
    /// `skipped` with the reasons for what is absent. `entities_left_out` and
    /// `sentences_left_out` count what a very long text has beyond. Offsets are code points into the text.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub analysis: Analysis,
}

/// Another article with the same text.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CopyView {
    /// The id of the article.
    pub id: String,
    /// The address.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The publisher's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_name: Option<String>,
    /// RFC 3339 or a date alone, as the page or the feed that names it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
}

/// The source of one value.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceView {
    /// `declared`, `listed`, `shown` or `guessed`.
    #[schemars(with = "String")]
    pub source: Origin,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Articles like another one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Related {
    /// The article that was asked for.
    pub id: String,
    /// The one most like it first.
    pub hits: Vec<Found>,
}

/// The versions of an article.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Revisions {
    /// The article that was asked for.
    pub id: String,
    /// The current version, and those before it.
    pub revisions: Vec<RevisionView>,
}

/// A version of an article.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevisionView {
    /// When this version was observed, Unix milliseconds.
    pub revision: i64,
    /// The same time, RFC 3339.
    pub observed_at: String,
    /// The headline.
    pub title: String,
    /// The hash of the text.
    pub content_hash: String,
    /// Code points of the text.
    pub length: usize,
    /// The text of this version.
    pub text: String,
    /// RFC 3339.
    pub stored_at: String,
}

/// A version of an article.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The time at which the article is wanted as it was then, RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub as_of: Option<String>,
}

/// The address of an article.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The address, in any form that leads to the same canonical URL.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
}

/// The number of results wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The number of articles, 1 to 100; 10 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub k: Option<usize>,
}
