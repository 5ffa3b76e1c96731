//! Articles as they are stored, and as searches return them.

use courant_article::{
    Analysis, Article, ArticleId, ContentHash, Embedding, Entity, ModelRef, PublishedAt, Revision,
    Topic,
};
use serde::{Deserialize, Serialize};

/// An article with everything that the agents added.
///
/// Postgres keeps the vector in half precision; NUL characters, which it cannot
/// hold, are replaced by U+FFFD in both back ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredArticle {
    /// The article as the gateway accepted it.
    pub article: Article,
    /// The encoder that made the vector.
    pub model: ModelRef,
    /// The vector of the article. It has unit length, or is all zeros if there was nothing to
    /// embed: then only text searches find the article.
    pub vector: Embedding,
    /// The results of the analyst.
    pub analysis: Analysis,
    /// The time at which the article was stored, with millisecond precision.
    pub stored_at: jiff::Timestamp,
}

impl StoredArticle {
    /// The detected language, else the declared one.
    pub fn language(&self) -> Option<&str> {
        self.analysis.language.as_deref().or(self.article.declared_language.as_deref())
    }
}

/// The outcome of an upsert for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpsertOutcome {
    /// The article was not stored before.
    Inserted,
    /// An older revision was stored before.
    Updated,
    /// The same or a newer revision was stored before, or is in the same batch.
    Unchanged,
}

/// A stored article without its text, for lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArticleSummary {
    /// Its name.
    pub id: ArticleId,
    /// The stored revision.
    pub revision: Revision,
    /// The address to read it at.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The hash of the normalized text.
    pub content_hash: ContentHash,
    /// The article of another publisher that published this text first.
    pub syndicated_of: Option<ArticleId>,
    /// The time at which the article was stored.
    pub stored_at: jiff::Timestamp,
}

/// An article that a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchHit {
    /// Its name.
    pub id: ArticleId,
    /// The address to read it at.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The time of publication, as the page states it.
    pub published_at: Option<PublishedAt>,
    /// The detected language, else the declared one.
    pub language: Option<String>,
    /// The score: the cosine in a vector search, else the fused score. Scores are comparable
    /// only within one result.
    pub score: f32,
    /// The rank among the full-text results, from 1.
    pub text_rank: Option<u32>,
    /// The rank among the nearest vectors, from 1.
    pub vector_rank: Option<u32>,
    /// A part of the text around the first word of the query.
    pub snippet: String,
    /// The article of another publisher that published this text first.
    pub syndicated_of: Option<ArticleId>,
}

/// An article near to a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its name.
    pub id: ArticleId,
    /// Its number in the store: `None` in Postgres, which numbers no articles.
    pub number: Option<u32>,
    /// The cosine of its vector and the query, -1 to 1.
    pub cosine: f32,
}

/// An article that may be related to another, as a back end reads it.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) id: ArticleId,
    pub(crate) content_hash: ContentHash,
    pub(crate) syndicated_of: Option<ArticleId>,
    pub(crate) vector: Vec<f32>,
    pub(crate) subjects: Subjects,
}

/// The part of an [`Analysis`] that says what an article is about.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Subjects {
    #[serde(default)]
    pub(crate) topics: Vec<Topic>,
    #[serde(default)]
    pub(crate) entities: Vec<Entity>,
}

/// An article that was found, as a back end reads it.
#[derive(Debug)]
pub(crate) struct FoundArticle {
    pub(crate) id: ArticleId,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) site_name: Option<String>,
    pub(crate) published_at: Option<PublishedAt>,
    pub(crate) language: Option<String>,
    /// Its start.
    pub(crate) body: String,
    pub(crate) syndicated_of: Option<ArticleId>,
}
