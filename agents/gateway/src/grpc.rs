//! The gRPC services, on the same core as HTTP and MCP.

pub(crate) mod archive;
pub(crate) mod dead_letters;
pub(crate) mod events;
mod spool;

use courant_service::Process;
use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};

use crate::api::Api;
use crate::error::ApiError;
use crate::submissions;

/// Adds the services to `process`; `closing` ends the streams of events.
pub(crate) fn serve_with(process: &mut Process, api: &Api, closing: CancellationToken) {
    process.grpc(archive::service(api.clone()));
    process.grpc(dead_letters::service(api.clone()));
    process.grpc(events::service(api.clone(), closing));
    process.grpc(spool::service(api.bus.clone()));
    process.grpc(submissions::service(api.clone()));
}

/// Answers within the time that an HTTP request may take.
async fn answered<T>(
    api: &Api,
    answering: impl Future<Output = Result<T, ApiError>>,
) -> Result<Response<T>, Status> {
    let patience = api.config.request_timeout();
    // Boxed, as the store's futures are large.
    let answer = tokio::time::timeout(patience, Box::pin(answering)).await;
    let answer = answer.unwrap_or(Err(ApiError::TimedOut(patience)));
    answer.map(Response::new).map_err(Status::from)
}
