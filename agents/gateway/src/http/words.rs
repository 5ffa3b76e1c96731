//! Words that set articles apart, and what somebody may be typing.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use courant_api::openapi::{Media, Operation};
use courant_service::{Parameters, Refusal, Routes};
use schemars::JsonSchema;
use serde::Deserialize;

use super::filters::FILTERS;
use crate::api::Api;
use crate::api::search::DEFAULT_HITS;
use crate::api::words::{Suggestions, WordsAnswer};

/// The number of words if the request names none.
const DEFAULT_WORDS: usize = 20;

pub(super) fn routes() -> Routes<Api> {
    Routes::new()
        .route(
            Operation::get("/v1/words", "words", "Lists the words that set articles apart")
                .parameters::<WordParams>()
                .filters(&FILTERS)
                .answer(200, Media::json::<WordsAnswer>()),
            words,
        )
        .route(
            Operation::get("/v1/suggestions", "suggestions", "Completes what somebody types")
                .parameters::<Typed>()
                .answer(200, Media::json::<Suggestions>()),
            suggestions,
        )
}

/// Outstanding words in a URL. Every other parameter is a filter.
#[derive(Debug, Deserialize, JsonSchema)]
struct WordParams {
    /// The question, in the query language. All of its words must stand in an article.
    #[serde(default)]
    q: String,
    /// The number of words, 1 to 100; 20 if absent.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
    #[serde(flatten)]
    filters: BTreeMap<String, String>,
}

async fn words(
    State(api): State<Api>,
    Parameters(WordParams { q, limit, filters }): Parameters<WordParams>,
) -> Result<Json<WordsAnswer>, Refusal> {
    Ok(Json(api.words(&q, &filters, limit.unwrap_or(DEFAULT_WORDS)).await?))
}

/// The beginning that somebody typed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// The beginning, up to 100 characters.
    q: String,
    /// The number of suggestions, 1 to 100; 10 if absent.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
}

async fn suggestions(
    State(api): State<Api>,
    Parameters(Typed { q, limit }): Parameters<Typed>,
) -> Result<Json<Suggestions>, Refusal> {
    Ok(Json(api.suggest(&q, limit.unwrap_or(DEFAULT_HITS)).await?))
}
