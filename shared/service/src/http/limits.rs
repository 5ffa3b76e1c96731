//! Limits on the time and the body of a request.

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use courant_api::ErrorCode;

use crate::refusal::Refusal;

/// The most bytes of a route's body, after decompression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// Limits every request to `routes`: it is answered within `time`, and its body has at most
/// `body_bytes` after decompression.
pub(crate) fn limited<S>(routes: Router<S>, time: Duration, body_bytes: usize) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes
        .layer(from_fn_with_state(time, within))
        .layer(Extension(BodyLimit(body_bytes)))
        .layer(DefaultBodyLimit::max(body_bytes))
}

async fn within(
    State(time): State<Duration>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let answer = tokio::time::timeout(time, next.run(request)).await;
    answer.map_err(|_| Refusal::new(ErrorCode::Timeout, format!("no answer within {time:?}")))
}
