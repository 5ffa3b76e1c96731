//! Words that set articles apart, and suggestions for what somebody types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The words that set the articles of a query apart from the archive.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WordsAnswer {
    /// The question as it was asked.
    pub query: String,
    /// The articles that fulfil all conditions.
    pub total: u64,
    /// The articles of these whose words were read.
    pub sample: u64,
    /// The most outstanding first.
    pub words: Vec<WordView>,
}

/// A word that sets articles apart.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct WordView {
    /// The word.
    pub word: String,
    /// The articles of the sample that have it.
    pub articles: u64,
    /// All articles of the archive that have it.
    pub of_archive: u64,
    /// The times that it is more frequent in the sample than in the archive.
    pub lift: f64,
}

/// Completions of what somebody types.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Suggestions {
    /// Those of the most articles first.
    pub suggestions: Vec<SuggestionView>,
}

/// A completion.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SuggestionView {
    /// `person`, `org`, `place`, `site`, `topic`, `lang` or `word`.
    pub kind: String,
    /// The completion.
    pub value: String,
    /// The name of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The articles that have it.
    pub articles: u64,
    /// The query that finds them.
    pub query: String,
}

/// Outstanding words in a URL. Every other parameter is a filter.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct WordParams {
    /// The question, in the query language. All of its words must stand in an article.
    #[serde(default)]
    #[schemars(extend("format" = "courant-query"))]
    pub q: String,
    /// The number of words, 1 to 100; 20 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
    /// Filters by the names of the query language's fields.
    #[serde(flatten)]
    pub filters: BTreeMap<String, String>,
}

/// The beginning that somebody typed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// The beginning, up to 100 characters.
    pub q: String,
    /// The number of suggestions, 1 to 100; 10 if absent.
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<usize>,
}
