//! Dead letters over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use courant_api::dead_letters::{DeadLetterParams, DeadLetterView, DeadLettersAnswer};
use courant_api::openapi::{Media, Operation};
use courant_bus::DeadLetter;
use courant_service::{Parameters, Refusal, Routes};

use crate::api::Api;
use crate::api::feeds::rfc_3339;
use crate::error::ApiError;

const ONE: &str = "/v1/dead-letters/{number}";
const REPLAY: &str = "/v1/dead-letters/{number}/replay";
/// The place of a number in the list.
const FIRST: [(&str, &str); 1] = [("number", "$response.body#/letters/0/number")];

/// The routes of dead letters.
pub(super) fn routes() -> Routes<Api> {
    let list = Operation::get("/v1/dead-letters", "dead_letters", "Lists what failed for good")
        .parameters::<DeadLetterParams>()
        .answer(200, Media::json::<DeadLettersAnswer>())
        .link(200, "dead_letter", &FIRST)
        .link(200, "replay_dead_letter", &FIRST);
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
    let letters = api.dead_letters(params.limit).await?;
    Ok(Json(DeadLettersAnswer { letters: letters.iter().map(view).collect() }))
}

async fn dead_letter(
    State(api): State<Api>,
    Path(number): Path<String>,
) -> Result<Json<DeadLetterView>, Refusal> {
    let letter = api.dead_letter(read(&number)?).await?;
    let payload = Some(STANDARD.encode(&letter.payload));
    Ok(Json(DeadLetterView { payload, ..view(&letter) }))
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

fn view(letter: &DeadLetter) -> DeadLetterView {
    DeadLetterView {
        number: letter.sequence,
        subject: letter.subject.map_or_else(String::new, |of| of.as_str().to_owned()),
        deliveries: letter.deliveries,
        error: letter.error.clone(),
        died_at: rfc_3339(letter.died_at_ms).unwrap_or_default(),
        size_bytes: letter.payload.len() as u64,
        schema: letter.schema.clone(),
        payload: None,
    }
}

fn read(number: &str) -> Result<u64, ApiError> {
    number.parse().map_err(|_| {
        let shown: String = number.chars().take(40).collect();
        ApiError::Invalid(format!("{shown:?} is no number of a dead letter"))
    })
}
