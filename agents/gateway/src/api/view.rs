//! The formats of responses, which are the same in HTTP and MCP.

use std::collections::BTreeMap;

use courant_article::{Analysis, Evidence, FeedFields, Origin};
use courant_search::Hit;
use courant_store::StoredArticle;
use schemars::JsonSchema;
use serde::Serialize;

/// An article that a search found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Found {
    /// Names the article, for `get_article`.
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) site_name: Option<String>,
    /// RFC 3339 or a date alone, as the page or the feed that names it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published_at: Option<String>,
    /// ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    /// Comparable within one answer only; absent in a list by time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f32>,
    /// Place in the full-text search, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text_rank: Option<u32>,
    /// Place in the vector search, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vector_rank: Option<u32>,
    /// The part of the text that answers best.
    pub(crate) snippet: String,
    /// The places of the query's words in `title`, and in `snippet`: start and end in code
    /// points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) title_highlights: Vec<(usize, usize)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) snippet_highlights: Vec<(usize, usize)>,
    /// The article of another publisher that had this text first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) syndicated_of: Option<String>,
    /// Further copies of this text that answer the question, too.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) copies: u32,
    /// True if the article does not fulfil all conditions of the question.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) relaxed: bool,
    /// The parts of the score, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explanation: Option<Explanation>,
}

/// The parts of a score.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Explanation {
    /// The score by words (BM25); null if no word of the question stands in the article.
    pub(crate) text_score: Option<f32>,
    /// The cosine of the vectors of question and article; null if the article is not among the
    /// nearest.
    pub(crate) cosine: Option<f32>,
    /// The factor for the age of the article, if the search weighs ages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) age_weight: Option<f32>,
    /// The rule by which both become one score.
    pub(crate) rule: &'static str,
}

/// The rule of the fusion in words.
const FUSION: &str = "cosine + text_score / the best text_score that the words allow";

fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Found {
    pub(crate) fn of(hit: Hit, explain: bool) -> Self {
        let ranked = hit.ranked;
        let explanation = ranked.filter(|_| explain).map(|ranked| Explanation {
            text_score: ranked.text_score,
            cosine: ranked.cosine,
            age_weight: ranked.age_weight,
            rule: FUSION,
        });
        Self {
            id: hit.id.to_string(),
            url: hit.url,
            title: hit.title.text,
            site_name: hit.site_name,
            published_at: hit.published_at.map(String::from),
            language: hit.language,
            score: ranked.map(|ranked| ranked.score),
            text_rank: ranked.and_then(|ranked| ranked.text_rank),
            vector_rank: ranked.and_then(|ranked| ranked.vector_rank),
            snippet: hit.snippet.text,
            title_highlights: hit.title.highlights,
            snippet_highlights: hit.snippet.highlights,
            syndicated_of: hit.syndicated_of.map(|id| id.to_string()),
            copies: ranked.map_or(0, |ranked| ranked.copies),
            relaxed: ranked.is_some_and(|ranked| ranked.is_relaxed),
            explanation,
        }
    }
}

/// A stored article.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ArticleView {
    pub(crate) id: String,
    /// When this version was observed, Unix milliseconds.
    pub(crate) revision: i64,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) authors: Vec<String>,
    /// RFC 3339 or a date alone, as the page or the feed that names it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published_at: Option<String>,
    /// ISO 639-1: detected, else declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) site_name: Option<String>,
    /// The main text; absent where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// True if the text is longer than this.
    pub(crate) truncated: bool,
    /// The older name of `truncated`.
    pub(crate) text_truncated: bool,
    /// The feed, site or program it came from.
    pub(crate) source: String,
    /// `new`, `revision` or `syndicated`.
    pub(crate) decision: String,
    /// The article of another publisher that had this text first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) syndicated_of: Option<String>,
    /// Other articles with the same text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) copies: Vec<CopyView>,
    /// The lead image's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image: Option<String>,
    /// Tags and keywords, in the page's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// The publisher's section, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) section: Option<String>,
    /// RFC 3339 or a date alone, as the page says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) modified_at: Option<String>,
    /// The page declares that not everybody may read all of it.
    pub(crate) paywalled: bool,
    /// `title`, `summary`, `authors`, `categories` and `published_at` in the words of the
    /// feed that named the page.
    #[serde(skip_serializing_if = "FeedFields::is_empty")]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub(crate) feed: FeedFields,
    /// The source of each value by the value's name: `declared` by the page's metadata,
    /// `listed` by the feed or news sitemap that names the page, `shown` to readers, or
    /// `guessed`. A better source outranks a weaker one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) evidence: BTreeMap<&'static str, EvidenceView>,
    /// RFC 3339.
    pub(crate) stored_at: String,
    /// The model that made the vector.
    pub(crate) model: ModelView,
    /// `language`, `topics`, `sentiment`, `keyphrases`, `summary`, `entities`, and
    /// `skipped` with the reasons for what is absent. `entities_left_out` and
    /// `sentences_left_out` count what a very long text has beyond. Offsets are code points into the text.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub(crate) analysis: Analysis,
}

impl From<StoredArticle> for ArticleView {
    fn from(record: StoredArticle) -> Self {
        let language = record.language().map(str::to_owned);
        let article = record.article;
        Self {
            id: article.id.to_string(),
            revision: article.revision.0,
            url: article.url,
            title: article.title,
            authors: article.authors,
            published_at: article.published_at.map(String::from),
            language,
            site_name: article.site_name,
            truncated: article.text.is_truncated(),
            text_truncated: article.text.is_truncated(),
            text: Some(article.text.as_str().to_owned()),
            source: article.source,
            decision: article.decision.to_string(),
            syndicated_of: article.syndicated_of.map(|id| id.to_string()),
            copies: Vec::new(),
            image: article.page.image,
            tags: article.page.tags,
            section: article.page.section,
            modified_at: article.page.modified_at.map(String::from),
            paywalled: article.page.paywalled,
            feed: article.feed,
            evidence: evidence_view(article.evidence),
            stored_at: record.stored_at.to_string(),
            model: record.model.into(),
            analysis: record.analysis,
        }
    }
}

/// Another article with the same text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct CopyView {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) site_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published_at: Option<String>,
}

impl From<Hit> for CopyView {
    fn from(hit: Hit) -> Self {
        Self {
            id: hit.id.to_string(),
            url: hit.url,
            title: hit.title.text,
            site_name: hit.site_name,
            published_at: hit.published_at.map(String::from),
        }
    }
}

/// A time of the index, RFC 3339; the number itself where no calendar has it.
pub(super) fn rfc_3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}

/// The source of one value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct EvidenceView {
    /// `declared`, `listed`, `shown` or `guessed`.
    #[schemars(with = "String")]
    pub(crate) source: Origin,
}

fn evidence_view(evidence: Evidence) -> BTreeMap<&'static str, EvidenceView> {
    evidence.values().map(|(name, source)| (name, EvidenceView { source })).collect()
}

/// The model that computed a vector.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ModelView {
    pub(crate) name: String,
    pub(crate) version: String,
    /// fp32, fp16 or int8.
    pub(crate) precision: String,
    /// cpu, cuda or tensorrt: what really ran.
    pub(crate) provider: String,
}

impl From<courant_article::ModelRef> for ModelView {
    fn from(model: courant_article::ModelRef) -> Self {
        Self {
            name: model.name,
            version: model.version,
            precision: model.precision,
            provider: model.provider,
        }
    }
}
