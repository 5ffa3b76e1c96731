//! Decisions on entries.

use axum::Json;
use axum::extract::State;
use courant_api::openapi::{Media, Operation};
use courant_service::{Parameters, Refusal, Routes};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::Api;
use crate::api::decisions::{DecisionRequest, DecisionsAnswer};
use crate::api::search::DEFAULT_HITS;

pub(super) fn routes() -> Routes<Api> {
    Routes::new().route(
        Operation::get("/v1/decisions", "decisions", "Tells why entries were let in or not")
            .parameters::<DecisionParams>()
            .answer(200, Media::json::<DecisionsAnswer>()),
        decisions,
    )
}

/// The entry whose decisions are asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DecisionParams {
    /// The id of an article, or its first digits.
    article: Option<String>,
    /// The address of an entry, in any form that leads to the same canonical URL.
    url: Option<String>,
    /// The name of a submission.
    submission: Option<String>,
    /// The number of decisions, 1 to 100; 10 if absent.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
}

async fn decisions(
    State(api): State<Api>,
    Parameters(params): Parameters<DecisionParams>,
) -> Result<Json<DecisionsAnswer>, Refusal> {
    let DecisionParams { article, url, submission, limit } = params;
    let limit = limit.unwrap_or(DEFAULT_HITS);
    Ok(Json(api.decisions(DecisionRequest { article, url, submission, limit }).await?))
}
