//! The layers around every route of every agent, over HTTP and gRPC: a span that continues the
//! caller's trace, a request id, and one log line when a request is refused, or fails for the
//! first time in a minute.

pub(crate) mod accept;
mod failures;
mod outcome;
mod protocol;
mod request_id;
mod trace_context;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::probes;
use failures::Failures;
use outcome::ResponseOutcome;
pub(crate) use protocol::Protocol;
use request_id::RequestId;

/// Observes every request to `router`. Probes get an id only: they come every few
/// seconds, and while a process starts they fail.
pub(crate) fn observed(router: Router, protocol: Protocol) -> Router {
    router.layer(from_fn_with_state((protocol, Failures::default()), observe))
}

async fn observe(
    State((protocol, failures)): State<(Protocol, Failures)>,
    request: Request,
    next: Next,
) -> Response {
    let id = RequestId::of(request.headers());
    let mut response = if probes::is_probe(request.uri().path()) {
        next.run(request).await
    } else {
        traced(protocol, &failures, request, next, &id).await
    };
    response.headers_mut().insert(request_id::HEADER, id.into());
    response
}

async fn traced(
    protocol: Protocol,
    failures: &Failures,
    request: Request,
    next: Next,
    id: &RequestId,
) -> Response {
    let target = target(&request, protocol);
    let span = span(protocol, &request, &target, id);
    let response = next.run(request).instrument(span.clone()).await;
    let outcome = ResponseOutcome::of(&response, protocol);
    record(&span, outcome, protocol);
    span.in_scope(|| log(outcome, failures, &target, id));
    response
}

/// Method and route: few, whatever is asked for.
fn target(request: &Request, protocol: Protocol) -> String {
    let route = request.extensions().get::<MatchedPath>();
    match (protocol, route) {
        // A gRPC route has a place for the method, of which a service has few.
        (Protocol::Grpc, Some(_)) => request.uri().path().trim_start_matches('/').to_owned(),
        (Protocol::Grpc, None) => "unmatched".to_owned(),
        (Protocol::Http, Some(route)) => format!("{} {}", request.method(), route.as_str()),
        (Protocol::Http, None) => "unmatched".to_owned(),
    }
}

fn span(protocol: Protocol, request: &Request, target: &str, id: &RequestId) -> Span {
    let span = match protocol {
        Protocol::Http => tracing::info_span!(
            "request",
            otel.name = target,
            otel.kind = "server",
            otel.status_code = field::Empty,
            http.request.method = %request.method(),
            http.response.status_code = field::Empty,
            url.path = request.uri().path(),
            request.id = id.as_str(),
        ),
        Protocol::Grpc => tracing::info_span!(
            "request",
            otel.name = target,
            otel.kind = "server",
            otel.status_code = field::Empty,
            rpc.system = "grpc",
            rpc.grpc.status_code = field::Empty,
            request.id = id.as_str(),
        ),
    };
    // It fails where no traces are exported: then there is nothing to continue.
    let _unexported = span.set_parent(trace_context::of(request.headers()));
    span
}

fn record(span: &Span, outcome: ResponseOutcome, protocol: Protocol) {
    let code = match protocol {
        Protocol::Http => "http.response.status_code",
        Protocol::Grpc => "rpc.grpc.status_code",
    };
    span.record(code, outcome.code());
    if matches!(outcome, ResponseOutcome::Failed(_)) {
        span.record("otel.status_code", "ERROR");
    }
}

fn log(outcome: ResponseOutcome, failures: &Failures, target: &str, id: &RequestId) {
    let id = id.as_str();
    match outcome {
        ResponseOutcome::Answered(_) => {}
        ResponseOutcome::Refused(code) => tracing::info!(id, target, code, "a request was refused"),
        ResponseOutcome::Failed(code) => {
            if let Some(requests) = failures.note(target, code) {
                tracing::warn!(id, target, code, requests, "a request failed");
            }
        }
    }
}

#[cfg(test)]
mod tests;
