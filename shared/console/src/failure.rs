//! Errors as pages.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use courant_api::{ErrorCode, Problem};

use crate::page::{Screen, Shell, answer_with};
use crate::reader::Reader;

#[derive(Template)]
#[template(path = "failure.html")]
struct Failure {
    shell: Shell,
    heading: String,
    detail: String,
}

/// Shows why a page cannot be made.
pub(crate) fn page(reader: &Reader, problem: &Problem) -> Response {
    let t = reader.texts;
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let heading = match problem.code() {
        ErrorCode::NotFound => t.say("failure-not-found"),
        ErrorCode::InvalidRequest => t.say("failure-invalid"),
        _ => t.say("failure-unavailable"),
    };
    let shell = Shell::new(reader, Screen::Other, heading.clone());
    answer_with(status, &Failure { shell, heading, detail: problem.detail.clone() })
}
