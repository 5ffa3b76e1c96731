//! Questions and answers.

use courant_article::{ArticleId, Embedding, PublishedAt};
use courant_query::Query;
use serde::{Deserialize, Serialize};

use crate::columns::ArticleName;
use crate::listed::{TimeCursor, TimeOrder};
use crate::passage::Passage;

/// The number of candidates that words and vectors each give to the fusion.
pub const CANDIDATES: usize = 100;
/// The most articles of a ranked list.
pub const MAX_RANKED: usize = 300;

/// The kind of search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchMode {
    /// By words and vectors. By words alone if the question has no vector.
    #[default]
    Hybrid,
    /// By vectors.
    Vector,
    /// By words.
    Text,
}

/// A question for the articles that answer it best.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The conditions. Articles with only some of the loose words may follow.
    pub query: Query,
    /// The vector of the query's text. Required for a search by vectors.
    pub vector: Option<Embedding>,
    /// The kind of search.
    pub mode: SearchMode,
    /// The weight of new articles; `None` if age does not count.
    pub recency: Option<Recency>,
}

/// A preference for new articles. An article as old as the half-life counts three quarters, a very
/// old one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recency {
    /// The present, Unix milliseconds.
    pub now_ms: i64,
    /// Milliseconds, above 0.
    pub half_life_ms: i64,
}

impl Recency {
    /// Returns the factor of the score of an article of this time (Unix milliseconds), 0.5 to 1.
    pub fn weight(self, time_ms: i64) -> f32 {
        let age_ms = self.now_ms.saturating_sub(time_ms).max(0);
        0.5 + 0.5 * (-(age_ms as f32) / self.half_life_ms.max(1) as f32).exp2()
    }
}

/// The articles that answer a question, best first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RankedList {
    /// The articles that fulfil all conditions.
    pub total: u64,
    /// At most [`MAX_RANKED`] articles, one for all copies of a text.
    pub articles: Vec<Ranked>,
}

/// The place of an article in a ranked list, with the parts of its score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// The article.
    pub id: ArticleId,
    /// The score. Scores are comparable only within one list.
    pub score: f32,
    /// The score by words (BM25).
    pub text_score: Option<f32>,
    /// The cosine of the vectors.
    pub cosine: Option<f32>,
    /// The place by words, from 1.
    pub text_rank: Option<u32>,
    /// The place by vectors, from 1.
    pub vector_rank: Option<u32>,
    /// The factor for its age, if ages count.
    pub age_weight: Option<f32>,
    /// The probability that it answers the query, by a cross-encoder; `None` if none read it.
    pub relevance: Option<f32>,
    /// True if the article does not fulfil all conditions: it has only some of the words, or is
    /// near in meaning.
    pub is_relaxed: bool,
    /// The number of copies of its text that the list would hold behind it.
    pub copies: u32,
}

/// A question for articles in the order of their times.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The conditions.
    pub query: Query,
    /// The order.
    pub order: TimeOrder,
    /// The place behind which the page begins.
    pub after: Option<TimeCursor>,
    /// The most articles.
    pub limit: usize,
}

/// A page of articles in the order of their times.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage {
    /// The articles that fulfil the conditions, on all pages.
    pub total: u64,
    /// The articles.
    pub hits: Vec<Hit>,
    /// The place behind which the next page begins; `None` if this is the last one.
    pub next: Option<TimeCursor>,
}

/// An article that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its name.
    pub id: ArticleId,
    /// The address to read it at.
    pub url: String,
    /// The headline, with the places of the query's words.
    pub title: Passage,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The time of publication, as the page states it.
    pub published_at: Option<PublishedAt>,
    /// The detected language, else the declared one.
    pub language: Option<String>,
    /// The part of the text that answers the query best.
    pub snippet: Passage,
    /// The article of another publisher that published this text first.
    pub syndicated_of: Option<ArticleId>,
    /// The place in a ranked list; `None` in a list by time.
    pub ranked: Option<Ranked>,
}

/// Names without the parts that only the index needs.
impl From<ArticleName> for ArticleId {
    fn from(name: ArticleName) -> Self {
        name.id
    }
}
