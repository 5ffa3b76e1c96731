//! Deletions over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use courant_api::deletions::{Deletion, DeletionReason, DeletionRequest, DeletionState};
use courant_api::openapi::{Media, Operation};
use courant_service::{JsonBody, Parameters, Refusal, Routes};

use crate::api::Api;

/// The name of clients in the log, until they have names of their own.
const CLIENT: &str = "http";

/// The routes of deletions.
pub(super) fn routes() -> Routes<Api> {
    let one = Operation::delete(
        "/v1/articles/{id}",
        "delete_article",
        "Deletes an article with all that is derived from it",
    )
    .parameters::<DeletionReason>()
    .answer(200, Media::json::<Deletion>())
    .answer(202, Media::json::<Deletion>());
    let some = "Deletes all articles that fulfil a question, or counts them";
    let some = Operation::post("/v1/deletions", "delete_articles", some)
        .body(Media::json::<DeletionRequest>())
        .answer(200, Media::json::<Deletion>())
        .answer(202, Media::json::<Deletion>());
    Routes::new().route(one, delete_article).route(some, delete_articles)
}

async fn delete_article(
    State(api): State<Api>,
    Path(id): Path<String>,
    Parameters(DeletionReason { reason }): Parameters<DeletionReason>,
) -> Result<(StatusCode, Json<Deletion>), Refusal> {
    Ok(answer(Box::pin(api.delete_article(&id, &reason, CLIENT)).await?))
}

async fn delete_articles(
    State(api): State<Api>,
    JsonBody(request): JsonBody<DeletionRequest>,
) -> Result<(StatusCode, Json<Deletion>), Refusal> {
    Ok(answer(Box::pin(api.delete_by_query(&request, CLIENT)).await?))
}

fn answer(deletion: Deletion) -> (StatusCode, Json<Deletion>) {
    let is_requested = deletion.state == DeletionState::Requested;
    (if is_requested { StatusCode::ACCEPTED } else { StatusCode::OK }, Json(deletion))
}
