//! Words that set articles apart, and what somebody may be typing.

use axum::Json;
use axum::extract::State;
use courant_api::openapi::{Media, Operation};
use courant_api::words::{Suggestions, Typed, WordParams, WordsAnswer};
use courant_service::{Parameters, Refusal, Routes};

use super::filters::FILTERS;
use crate::api::Api;
use crate::api::search::DEFAULT_HITS;

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

async fn words(
    State(api): State<Api>,
    Parameters(WordParams { q, limit, filters }): Parameters<WordParams>,
) -> Result<Json<WordsAnswer>, Refusal> {
    Ok(Json(api.words(&q, &filters, limit.unwrap_or(DEFAULT_WORDS)).await?))
}

async fn suggestions(
    State(api): State<Api>,
    Parameters(Typed { q, limit }): Parameters<Typed>,
) -> Result<Json<Suggestions>, Refusal> {
    Ok(Json(api.suggest(&q, limit.unwrap_or(DEFAULT_HITS)).await?))
}
