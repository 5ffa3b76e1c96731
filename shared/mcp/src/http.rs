//! The protocol over stateless streamable HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

use crate::malformed::explain_malformed;

/// Serves `server` over HTTP until `closing` is cancelled. Answers any request by itself: no
/// session to lose in a restart, none to leak.
pub fn serve<S: ServerHandler + Clone + Sync>(
    server: S,
    closing: CancellationToken,
    max_body_bytes: usize,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ use<S> {
    let config = config(closing, max_body_bytes);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    from_fn_with_state(max_body_bytes, explain_malformed).layer(service)
}

/// Returns the settings of streamable HTTP. The face of all routes checks hosts and origins
/// (`service.hosts`, `service.origins`).
pub fn config(closing: CancellationToken, max_body_bytes: usize) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_allowed_hosts(Vec::<String>::new())
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_sse_keep_alive(Some(Duration::from_secs(15)))
        .with_max_request_body_bytes(max_body_bytes)
        .with_cancellation_token(closing)
}
