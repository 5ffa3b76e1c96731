//! Articles as they are stored and found.

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
pub struct Record {
    /// As the gateway let it in.
    pub article: Article,
    /// The encoder that made the vector.
    pub model: ModelRef,
    /// Unit length, or all zeros where there was nothing to embed: such an
    /// article is found by its text only.
    pub vector: Embedding,
    /// The analyst's findings.
    pub analysis: Analysis,
    /// When it was stored, to the millisecond.
    pub stored_at: jiff::Timestamp,
}

impl Record {
    /// The detected language, else the declared one.
    pub fn language(&self) -> Option<&str> {
        self.analysis.language.as_deref().or(self.article.declared_language.as_deref())
    }
}

/// The outcome of an upsert for one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upsert {
    /// The article was not there.
    Inserted,
    /// An older revision was there.
    Updated,
    /// The same or a newer revision was there, or came in the same batch.
    Unchanged,
}

/// An article in a listing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its name.
    pub id: ArticleId,
    /// The version that is stored.
    pub revision: Revision,
    /// The address to read it at.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The hash of its normalized text.
    pub content_hash: ContentHash,
    /// The article of another publisher that had this text first.
    pub syndicated_of: Option<ArticleId>,
    /// When it was stored.
    pub stored_at: jiff::Timestamp,
}

/// An article that a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Its name.
    pub id: ArticleId,
    /// The address to read it at.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// When it was published, as the page says.
    pub published_at: Option<PublishedAt>,
    /// The detected language, else the declared one.
    pub language: Option<String>,
    /// The cosine in a vector search, else the fused score: comparable within
    /// one answer only.
    pub score: f32,
    /// The place among the full-text candidates, from 1.
    pub text_rank: Option<u32>,
    /// The place among the nearest vectors, from 1.
    pub vector_rank: Option<u32>,
    /// A stretch of the text around the first word that was asked for.
    pub snippet: String,
    /// The article of another publisher that had this text first.
    pub syndicated_of: Option<ArticleId>,
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
pub(crate) struct Found {
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
