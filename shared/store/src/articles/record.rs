//! Articles as they are stored, and as searches return them.

use courant_article::{
    Analysis, Article, ArticleId, ContentHash, Embedding, Entity, ModelRef, PublishedAt, Revision,
    Text, Topic,
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
    /// The article was deleted on request. It is not stored.
    Deleted,
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

/// The head of an article's text and the values that lists of results show.
#[derive(Clone, Debug, PartialEq)]
pub struct ArticleExcerpt {
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
    /// The first [`EXCERPT_CHARS`] code points of the text.
    pub text: String,
    /// The article of another publisher that published this text first.
    pub syndicated_of: Option<ArticleId>,
}

/// The code points of a text that an [`ArticleExcerpt`] holds.
pub const EXCERPT_CHARS: i32 = 20_000;

/// An article that is near to a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbour {
    /// Its name.
    pub id: ArticleId,
    /// Its short name; see [`ChangedArticle::number`].
    pub number: u32,
    /// The cosine of the angle between the vectors, from -1 to 1.
    pub cosine: f32,
}

/// The values by which an article is related to others.
#[derive(Clone, Debug)]
pub struct ArticleSubjects {
    /// Its name.
    pub id: ArticleId,
    /// The hash of the normalized text.
    pub content_hash: ContentHash,
    /// The article of another publisher that published this text first.
    pub syndicated_of: Option<ArticleId>,
    /// The vector of the article.
    pub vector: Vec<f32>,
    /// Its topics, the highest score first.
    pub topics: Vec<Topic>,
    /// The names in its text.
    pub entities: Vec<Entity>,
}

/// The place of a store in the history of its changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreHead {
    /// The name of the history. It is another one after a restore, a copy or a failover.
    pub epoch: String,
    /// The number of the last change; 0 if there was none.
    pub change: i64,
}

/// One change, with the state of the article that it left.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The number of the change.
    pub number: i64,
    /// The name of the article that changed.
    pub id: ArticleId,
    /// The article as it is now. `None` if it was deleted.
    pub article: Option<ChangedArticle>,
}

/// A stored article without its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedArticle {
    /// A short name of the article in this store, for sets of many articles.
    pub number: u32,
    /// The time at which the first version of the article was observed, Unix milliseconds.
    pub first_observed_ms: i64,
    /// The article as the gateway accepted it.
    pub article: Article,
    /// The results of the analyst.
    pub analysis: Analysis,
}

impl ChangedArticle {
    /// The detected language, else the declared one.
    pub fn language(&self) -> Option<&str> {
        self.analysis.language.as_deref().or(self.article.declared_language.as_deref())
    }
}

/// An earlier version of an article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplacedRevision {
    /// The version.
    pub revision: Revision,
    /// The hash of the normalized text.
    pub content_hash: ContentHash,
    /// The headline.
    pub title: String,
    /// Names of the authors, in the page's order.
    pub authors: Vec<String>,
    /// The time of publication, as the page stated it.
    pub published_at: Option<PublishedAt>,
    /// The text.
    pub text: Text,
    /// The results of the analyst.
    pub analysis: Analysis,
    /// The time at which the version was stored.
    pub stored_at: jiff::Timestamp,
}

/// The part of an [`Analysis`] that says what an article is about.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Subjects {
    #[serde(default)]
    pub(crate) topics: Vec<Topic>,
    #[serde(default)]
    pub(crate) entities: Vec<Entity>,
}
