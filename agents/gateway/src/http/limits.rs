//! The layers around every request: they limit and measure its time, and answer a panic.

use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

use crate::api::Api;
use crate::error::ApiError;

/// Ends a request after `limit`, with an answer.
pub(crate) async fn within(
    State(limit): State<Duration>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.map_err(|_| ApiError::TimedOut(limit))
}

/// A defect in one request does not end its connection without a word.
pub(crate) fn panics() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(panicked)
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    // A formatted message is a `String`, a plain one a `&str`.
    let cause = cause
        .downcast::<String>()
        .or_else(|cause| cause.downcast::<&str>().map(|text| Box::new((*text).to_owned())))
        .map_or_else(|_| "unknown".to_owned(), |text| *text);
    tracing::error!(cause, "a request panicked");
    ApiError::Panicked.into_response()
}

/// Times every request under its route.
pub(crate) async fn measure(State(api): State<Api>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str);
    api.metrics.request(method, route, response.status().as_u16(), started.elapsed());
    response
}

/// A method is text that anyone may choose: labels are bounded.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
