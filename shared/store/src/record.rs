//! What is stored, and what is found.

use courant_article::{
    Analysis, Article, ArticleId, ContentHash, Embedding, Entity, ModelRef, PublishedAt, Revision,
    Topic,
};
use courant_dedup::Sketch;
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
    /// What the analyst found.
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

/// What an upsert did with a record.
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
    /// Where to read it.
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
    /// Where to read it.
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

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Articles.
    pub articles: u64,
    /// URLs that the gateway has judged.
    pub fingerprints: u64,
    /// URLs that the crawler has fetched.
    pub visits: u64,
}

/// What the crawler remembers of a URL, for conditional requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// As it was fetched.
    pub url: String,
    /// The header `ETag` of the last answer that had a body.
    pub etag: Option<String>,
    /// The header `Last-Modified` of that answer.
    pub last_modified: Option<String>,
    /// When it was fetched last, Unix milliseconds.
    pub fetched_at_ms: i64,
    /// The HTTP status of the last answer.
    pub status: u16,
    /// The hash of the text that was found there.
    pub content_hash: Option<ContentHash>,
}

/// The sketch of a text that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSketch {
    /// Its place in the order of the claims.
    pub number: i64,
    /// The article.
    pub id: ArticleId,
    /// The registered domain of its URL.
    pub site: String,
    /// `None` where a newer version of Courant made it.
    pub sketch: Option<Sketch>,
    /// When it was claimed, Unix milliseconds.
    pub claimed_at_ms: i64,
}

/// What the crawler knows of a feed, sitemap, site or list of feeds: when to look
/// there again, and why then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// As the source names it.
    pub url: String,
    /// What it is, in the crawler's word.
    pub kind: String,
    /// When it was looked at last, Unix milliseconds.
    pub checked_at_ms: i64,
    /// When it is to be looked at again, Unix milliseconds.
    pub next_check_at_ms: i64,
    /// The interval that fits how often it changes, seconds.
    pub interval_s: u64,
    /// Looks in a row that failed.
    pub failures: u32,
    /// Why the last one failed.
    pub problem: Option<String>,
    /// Of what it named last; two that are equal named the same.
    pub fingerprint: Option<ContentHash>,
    /// Further listings that it names.
    pub leads_to: Vec<String>,
}

/// How the feeds, sitemaps and sites fare that the crawler follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fare {
    /// All that were ever looked at.
    pub listings: u64,
    /// Those of them whose last look failed.
    pub failing: u64,
    /// The worst of those, with the most failures in a row first.
    pub worst: Vec<Listing>,
}

/// Something that the crawler must find again after it was killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// Which page, domain or origin; one note of each kind has this name.
    pub name: String,
    /// What there is to know, in the crawler's words; `None`: to be forgotten.
    pub body: Option<String>,
    /// When it is of no use any more, Unix milliseconds.
    pub until_ms: i64,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteKind {
    /// A page that was found, and not worked off.
    Page,
    /// A domain that is to be left alone for a while.
    Pause,
    /// The robots.txt of an origin.
    Robots,
}

impl NoteKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Pause => "pause",
            Self::Robots => "robots",
        }
    }
}

/// What a back end gives of an article that may be related to another.
#[derive(Debug)]
pub(crate) struct Kin {
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

/// What a back end gives of an article that was found.
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
