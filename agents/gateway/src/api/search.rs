//! Search by words, by meaning, or by both.

use std::sync::PoisonError;

use courant_article::{ContentHash, Embedding, ModelRef};
use courant_embedder_client::EmbedError;
use courant_store::{CANDIDATES, SearchQuery};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Api;
use super::view::Found;
use crate::error::ApiError;

/// A longer query is no query.
const MAX_QUERY_CHARS: usize = 1_000;
/// The number of results if the request names none.
pub(crate) const DEFAULT_HITS: usize = 10;

/// Which searches answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// By words and by meaning, fused.
    #[default]
    Hybrid,
    /// By meaning.
    Vector,
    /// By words.
    Text,
}

impl From<Mode> for courant_store::SearchMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::Hybrid,
            Mode::Vector => Self::Vector,
            Mode::Text => Self::Text,
        }
    }
}

/// The result of a search.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SearchAnswer {
    pub(crate) query: String,
    /// The search that really ran.
    pub(crate) mode: Mode,
    /// Why it is less than was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) degraded: Option<String>,
    /// The best first.
    pub(crate) hits: Vec<Found>,
}

impl Api {
    /// The best `limit` articles for `query`.
    ///
    /// Without the embedder a hybrid search goes on by text alone and says so; a
    /// vector search has nothing to go on with.
    pub(crate) async fn search(
        &self,
        query: &str,
        limit: usize,
        mode: Mode,
    ) -> Result<SearchAnswer, ApiError> {
        check(query, limit)?;
        let (vector, degraded) = match mode {
            Mode::Text => (None, None),
            Mode::Vector => (Some(self.vector(query).await.map_err(ApiError::NoVector)?), None),
            Mode::Hybrid => match self.vector(query).await {
                Ok(vector) => (Some(vector), None),
                Err(reason) => (None, Some(reason)),
            },
        };
        if degraded.is_some() {
            self.metrics.degraded_search();
        }
        let mode = if degraded.is_some() { Mode::Text } else { mode };
        let question = SearchQuery { text: query.to_owned(), vector, mode: mode.into(), limit };
        let articles = self.store.articles();
        let searching = articles.search(&question);
        let hits = self.metrics.agent.timed("search", searching).await?;
        let hits = hits.into_iter().map(Into::into).collect();
        Ok(SearchAnswer { query: query.to_owned(), mode, degraded, hits })
    }

    /// The vector of `text`, or why there is none.
    async fn vector(&self, text: &str) -> Result<Embedding, String> {
        if let Some(vector) = self.kept_vector(text).await {
            return Ok(vector);
        }
        let (model, vector) = self.metrics.agent.timed("embed_query", self.embed(text)).await?;
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

fn check(query: &str, limit: usize) -> Result<(), ApiError> {
    if query.trim().is_empty() {
        return Err(ApiError::Invalid("the query is empty; give words to search for".into()));
    }
    if query.chars().count() > MAX_QUERY_CHARS {
        let message = format!("the query is longer than {MAX_QUERY_CHARS} characters; shorten it");
        return Err(ApiError::Invalid(message));
    }
    check_limit(limit)
}

/// Checks that `limit` results may be asked for: 1 to `CANDIDATES`.
pub(crate) fn check_limit(limit: usize) -> Result<(), ApiError> {
    if (1..=CANDIDATES).contains(&limit) {
        return Ok(());
    }
    Err(ApiError::Invalid(format!("{limit} results were asked for; ask for 1 to {CANDIDATES}")))
}
