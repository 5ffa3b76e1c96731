//! The gRPC services, on the same core as HTTP and MCP.

mod answered;
pub(crate) mod archive;
pub(crate) mod dead_letters;
pub(crate) mod events;
mod spool;

use courant_service::Process;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::submissions;

/// Adds the services to `process`; `closing` ends the streams of events.
pub(crate) fn serve_with(process: &mut Process, api: &Api, closing: CancellationToken) {
    process.grpc(archive::service(api.clone()));
    process.grpc(dead_letters::service(api.clone()));
    process.grpc(events::service(api.clone(), closing));
    process.grpc(spool::service(api.bus.clone()));
    process.grpc(submissions::service(api.clone()));
}
