//! Searches and lists of articles.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use courant_api::search::{Mode, SearchAnswer, Sort};
use courant_api::{Cursor, Place};
use courant_article::{ContentHash, Embedding, ModelRef};
use courant_embedder_client::EmbedError;
use courant_query::Query;
use courant_search::{
    CANDIDATES, Listing, Question, RankedList, Recency, SearchMode, TimeCursor, TimeOrder,
};
use jiff::{SignedDuration, SpanRelativeTo};
use tokio::time::Instant;

use super::Api;
use super::view::found;
use crate::error::ApiError;

/// The number of results if the request names none.
pub(crate) const DEFAULT_HITS: usize = 10;

/// The bounds of a half-life.
const MIN_HALF_LIFE: SignedDuration = SignedDuration::from_hours(1);
const MAX_HALF_LIFE: SignedDuration = SignedDuration::from_hours(36_500 * 24);

fn search_mode(mode: Mode) -> SearchMode {
    match mode {
        Mode::Hybrid => SearchMode::Hybrid,
        Mode::Vector => SearchMode::Vector,
        Mode::Text => SearchMode::Text,
    }
}

/// A question for articles.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchRequest {
    /// The question, in the query language.
    pub(crate) query: String,
    /// Filters by the names of the query language's fields.
    pub(crate) filters: BTreeMap<String, String>,
    pub(crate) limit: usize,
    pub(crate) mode: Mode,
    /// `None`: by relevance if the question has words, else the newest first.
    pub(crate) sort: Option<Sort>,
    /// The cursor of the page before.
    pub(crate) cursor: Option<String>,
    /// True to show the parts of each score.
    pub(crate) explain: bool,
    /// The age at which an article loses a quarter of its score; `None` if age does not count.
    pub(crate) half_life: Option<SignedDuration>,
}

impl Api {
    /// The articles that answer a question.
    ///
    /// Without the embedder a hybrid search goes on by words alone and says so; a vector search
    /// has nothing to go on with.
    pub(crate) async fn search(&self, request: &SearchRequest) -> Result<SearchAnswer, ApiError> {
        check_limit(request.limit)?;
        let query = self.query(&request.query, &request.filters)?;
        let text = query.text();
        let is_wordless = text.is_empty();
        let by_default = if is_wordless { Sort::Newest } else { Sort::Relevance };
        let cursor = request.cursor.as_deref().map(|cursor| self.cursor(cursor));
        let cursor = match cursor {
            Some(reading) => Some(reading.await?),
            None => None,
        };
        match request.sort.unwrap_or(by_default) {
            Sort::Relevance if is_wordless => Err(ApiError::Invalid(
                "nothing to rank by: give words, or sort=newest or sort=oldest".into(),
            )),
            Sort::Relevance => Box::pin(self.ranked(request, query, &text, cursor)).await,
            Sort::Newest => self.listed(request, query, Sort::Newest, cursor).await,
            Sort::Oldest => self.listed(request, query, Sort::Oldest, cursor).await,
        }
    }

    /// A question with its filters, as one query.
    pub(super) fn query(
        &self,
        text: &str,
        filters: &BTreeMap<String, String>,
    ) -> Result<Query, ApiError> {
        let now = self.clock.now();
        let mut query = Query::parse(text, now)?;
        for (field, value) in filters {
            query = query.and(Query::filter(field, value, now)?);
        }
        Ok(query)
    }

    async fn ranked(
        &self,
        request: &SearchRequest,
        query: Query,
        text: &str,
        cursor: Option<Cursor>,
    ) -> Result<SearchAnswer, ApiError> {
        let (change, skip) = match cursor {
            None => (self.search.state().change, 0),
            Some(Cursor { change, place: Place::Ranked(skip) }) => (change, skip),
            Some(Cursor { place: Place::Time { .. }, .. }) => {
                return Err(ApiError::Invalid("this cursor is of a list by time".into()));
            }
        };
        let key = list_key(request, change);
        let (list, mode, degraded) = match (skip, self.kept_list(&key).await) {
            (1.., Some(list)) => (list, request.mode, None),
            (1.., None) => {
                let message = "the cursor is of another query, or older than five minutes: \
                               search again without it";
                return Err(ApiError::Invalid(message.into()));
            }
            (0, _) => self.ranked_list(request, query.clone(), text).await?,
        };
        let (hits, end) = self.search.page(&query, &list, skip, request.limit).await?;
        let has_more = end < list.articles.len();
        if has_more && skip == 0 {
            self.keep_list(&key, &list).await;
        }
        let cursor = Cursor { change, place: Place::Ranked(end) };
        Ok(SearchAnswer {
            query: request.query.clone(),
            mode,
            sort: Sort::Relevance,
            degraded,
            total: list.total,
            relaxed: hits.iter().any(|hit| hit.ranked.is_some_and(|ranked| ranked.is_relaxed)),
            hits: hits.into_iter().map(|hit| found(hit, request.explain)).collect(),
            cursor: has_more.then(|| cursor.to_string()),
            change,
            not_indexed_yet: self.not_indexed_yet(),
        })
    }

    /// Ranks articles. Returns the search that really ran, and why it is less than was asked for.
    async fn ranked_list(
        &self,
        request: &SearchRequest,
        query: Query,
        text: &str,
    ) -> Result<(RankedList, Mode, Option<String>), ApiError> {
        let (mode, recency) = (request.mode, self.recency(request.half_life)?);
        let (vector, degraded) = match mode {
            Mode::Text => (None, None),
            Mode::Vector => (Some(self.vector(text).await.map_err(ApiError::NoVector)?), None),
            Mode::Hybrid => match self.vector(text).await {
                Ok(vector) => (Some(vector), None),
                Err(reason) => (None, Some(reason)),
            },
        };
        if degraded.is_some() {
            self.metrics.degraded_search();
        }
        let mode = if degraded.is_some() { Mode::Text } else { mode };
        let question = Question { query, vector, mode: search_mode(mode), recency };
        // Boxed, as the store's futures are large.
        let ranking = Box::pin(self.search.rank(&question));
        let mut list = self.metrics.agent.timed("search", ranking).await?;
        let degraded = match (degraded, mode) {
            (None, Mode::Hybrid) => Box::pin(self.rerank(&mut list, &question.query, text)).await?,
            (degraded, _) => degraded,
        };
        Ok((list, mode, degraded))
    }

    fn recency(&self, half_life: Option<SignedDuration>) -> Result<Option<Recency>, ApiError> {
        let Some(half_life) = half_life else { return Ok(None) };
        if !(MIN_HALF_LIFE..=MAX_HALF_LIFE).contains(&half_life) {
            let message = "half_life is too short or too long; give PT1H to P36500D";
            return Err(ApiError::Invalid(message.into()));
        }
        let half_life_ms = half_life.as_millis() as i64;
        Ok(Some(Recency { now_ms: self.clock.now().as_millisecond(), half_life_ms }))
    }

    async fn listed(
        &self,
        request: &SearchRequest,
        query: Query,
        sort: Sort,
        cursor: Option<Cursor>,
    ) -> Result<SearchAnswer, ApiError> {
        let after = match cursor {
            None => None,
            Some(Cursor { place: Place::Time { time_ms, id }, .. }) => {
                Some(TimeCursor { time_ms, id })
            }
            Some(Cursor { place: Place::Ranked(_), .. }) => {
                return Err(ApiError::Invalid("this cursor is of a list by relevance".into()));
            }
        };
        let order = if sort == Sort::Oldest { TimeOrder::Oldest } else { TimeOrder::Newest };
        let listing = Listing { query, order, after, limit: request.limit };
        let change = self.search.state().change;
        let listing = self.search.list(&listing);
        let page = self.metrics.agent.timed("list", listing).await?;
        let next = page.next.map(|TimeCursor { time_ms, id }| Cursor {
            change,
            place: Place::Time { time_ms, id },
        });
        Ok(SearchAnswer {
            query: request.query.clone(),
            mode: Mode::Text,
            sort,
            degraded: None,
            total: page.total,
            relaxed: false,
            hits: page.hits.into_iter().map(|hit| found(hit, false)).collect(),
            cursor: next.map(|cursor| cursor.to_string()),
            change,
            not_indexed_yet: self.not_indexed_yet(),
        })
    }

    /// The number of stored changes that a search cannot see, while the index is being made.
    pub(super) fn not_indexed_yet(&self) -> Option<u64> {
        let state = self.search.state();
        let missing = (state.store_change - state.change).max(0).unsigned_abs();
        (state.is_rebuilding && missing > 0).then_some(missing)
    }

    /// The vector of `text`, or why there is none.
    async fn vector(&self, text: &str) -> Result<Embedding, String> {
        if let Some(vector) = self.kept_vector(text).await {
            return Ok(vector);
        }
        let (model, vector) = self.metrics.agent.timed("embed_query", self.embed(text)).await?;
        let is_comparable = self.search.store().articles().check_encoder(&model.name).await;
        is_comparable.map_err(|error| error.to_string())?;
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = Some(model.clone());
        self.keep_vector(&model, text, &vector).await;
        Ok(vector)
    }

    async fn embed(&self, text: &str) -> Result<(ModelRef, Embedding), String> {
        let deadline = Instant::now() + self.config.embed_timeout();
        let texts = [text.to_owned()];
        let asking = self.embedder.embed_once(&texts, deadline);
        let found = asking.await.map_err(|error| unanswered(&error))?;
        match <[_; 1]>::try_from(found.vectors) {
            Ok([vector]) => Ok((found.model, vector)),
            Err(_) => Err(EmbedError::Incomplete.to_string()),
        }
    }

    /// The encoder that answers queries: the last one that did, else the one that
    /// answers now.
    pub(crate) async fn model(&self) -> Option<ModelRef> {
        let last = || self.model.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if last().is_none() {
            // Why it does not answer is told where a vector is needed.
            drop(self.vector("news").await);
        }
        last()
    }

    /// Vectors are kept under the model that answered last. Another gateway's
    /// embedder may have been replaced since: the time to live bounds how long.
    async fn kept_vector(&self, text: &str) -> Option<Embedding> {
        let model = self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let bytes = self.cache.get(&vector_key(&model, text)).await?;
        let (values, rest) = bytes.as_chunks::<4>();
        let values = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
        rest.is_empty().then(|| Embedding::from_unit(values))
    }

    async fn keep_vector(&self, model: &ModelRef, text: &str, vector: &Embedding) {
        let bytes: Vec<u8> = vector.as_slice().iter().flat_map(|v| v.to_le_bytes()).collect();
        self.cache.put(&vector_key(model, text), bytes.into(), self.config.vector_ttl()).await;
    }
}

fn vector_key(model: &ModelRef, text: &str) -> String {
    let text = ContentHash::of_normalized(text);
    format!("vector:{}:{}:{}:{text}", model.name, model.version, model.precision)
}

/// A search goes on by words, or says this.
fn unanswered(error: &EmbedError) -> String {
    if let EmbedError::NotAsked(cause) = error {
        tracing::warn!(error = cause as &dyn std::error::Error, "the embedder could not be asked");
    }
    error.to_string()
}

/// The name of a kept list: by the request, and by the state of the index that it was made from.
fn list_key(request: &SearchRequest, change: i64) -> String {
    let SearchRequest { query, filters, mode, half_life, .. } = request;
    let question = format!("{query:?} {filters:?} {mode:?} {half_life:?}");
    format!("ranked:{change}:{}", ContentHash::of_normalized(&question))
}

/// Reads a half-life. Days have 24 hours. Months have no length of their own.
pub(crate) fn half_life(text: &str) -> Result<SignedDuration, ApiError> {
    let span = text.parse::<jiff::Span>().ok();
    let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    length.ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        ApiError::Invalid(format!("half_life is {text:?}; give a duration such as P3D or PT12H"))
    })
}

/// Checks that `limit` results may be asked for: 1 to `CANDIDATES`.
pub(crate) fn check_limit(limit: usize) -> Result<(), ApiError> {
    if (1..=CANDIDATES).contains(&limit) {
        return Ok(());
    }
    Err(ApiError::Invalid(format!("{limit} results were asked for; ask for 1 to {CANDIDATES}")))
}
