//! Dead letters over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use courant_api::dead_letters::{DeadLetterParams, DeadLetterView, DeadLettersAnswer};
use courant_api::openapi::{Media, Operation};
use courant_service::{Parameters, Refusal, Routes};

use crate::api::Api;
use crate::error::ApiError;

const ONE: &str = "/v1/dead-letters/{number}";
const REPLAY: &str = "/v1/dead-letters/{number}/replay";

/// The routes of dead letters.
pub(super) fn routes() -> Routes<Api> {
    let list = Operation::get("/v1/dead-letters", "dead_letters", "Lists what failed for good")
        .parameters::<DeadLetterParams>()
        .answer(200, Media::json::<DeadLettersAnswer>());
    let show = Operation::get(ONE, "dead_letter", "Shows a dead letter with its message")
        .answer(200, Media::json::<DeadLetterView>());
    let replay = "Publishes the message again where it failed, and removes the letter";
    let replay = Operation::post(REPLAY, "replay_dead_letter", replay).answer_empty(204);
    let remove = Operation::delete(ONE, "drop_dead_letter", "Removes a dead letter for good")
        .answer_empty(204);
    Routes::new()
        .route(list, dead_letters)
        .route(show, dead_letter)
        .route(replay, replay_dead_letter)
        .route(remove, drop_dead_letter)
}

async fn dead_letters(
    State(api): State<Api>,
    Parameters(params): Parameters<DeadLetterParams>,
) -> Result<Json<DeadLettersAnswer>, Refusal> {
    Ok(Json(api.dead_letters(params.limit).await?))
}

async fn dead_letter(
    State(api): State<Api>,
    Path(number): Path<String>,
) -> Result<Json<DeadLetterView>, Refusal> {
    Ok(Json(api.dead_letter(read(&number)?).await?))
}

async fn replay_dead_letter(
    State(api): State<Api>,
    Path(number): Path<String>,
) -> Result<StatusCode, Refusal> {
    api.replay(read(&number)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn drop_dead_letter(
    State(api): State<Api>,
    Path(number): Path<String>,
) -> Result<StatusCode, Refusal> {
    api.drop_dead_letter(read(&number)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The numbers of messages fit in 63 bits on both back ends.
fn read(number: &str) -> Result<u64, ApiError> {
    let read = number.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
    read.ok_or_else(|| {
        let shown: String = number.chars().take(40).collect();
        ApiError::Invalid(format!("{shown:?} is no number of a dead letter"))
    })
}
