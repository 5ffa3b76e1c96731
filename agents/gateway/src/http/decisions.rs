//! Decisions on entries.

use axum::Json;
use axum::extract::State;
use courant_api::decisions::{DecisionParams, DecisionsAnswer};
use courant_api::openapi::{Media, Operation};
use courant_service::{Parameters, Refusal, Routes};

use crate::api::Api;
use crate::api::decisions::DecisionRequest;
use crate::api::search::DEFAULT_HITS;

pub(super) fn routes() -> Routes<Api> {
    Routes::new().route(
        Operation::get("/v1/decisions", "decisions", "Tells why entries were let in or not")
            .parameters::<DecisionParams>()
            .answer(200, Media::json::<DecisionsAnswer>()),
        decisions,
    )
}

async fn decisions(
    State(api): State<Api>,
    Parameters(params): Parameters<DecisionParams>,
) -> Result<Json<DecisionsAnswer>, Refusal> {
    let DecisionParams { article, url, submission, limit } = params;
    let limit = limit.unwrap_or(DEFAULT_HITS);
    Ok(Json(api.decisions(DecisionRequest { article, url, submission, limit }).await?))
}
