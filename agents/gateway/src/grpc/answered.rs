//! Answers in time, with the refusals of HTTP.

use tonic::{Response, Status};

use crate::api::Api;
use crate::error::ApiError;

/// Answers within the time that an HTTP request may take.
pub(super) async fn answered<T>(
    api: &Api,
    answering: impl Future<Output = Result<T, ApiError>>,
) -> Result<Response<T>, Status> {
    let patience = api.config.request_timeout();
    // Boxed, as the store's futures are large.
    let answer = tokio::time::timeout(patience, Box::pin(answering)).await;
    let answer = answer.unwrap_or(Err(ApiError::TimedOut(patience)));
    answer.map(Response::new).map_err(Status::from)
}
