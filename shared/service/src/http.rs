//! The one face of every route of every agent. Over HTTP and gRPC it bounds connections, times and
//! bodies, continues the caller's trace, gives an id to each request, answers panics, and writes
//! one log line when a request is refused, or fails for the first time in a minute. Over HTTP it
//! checks hosts and origins, asks who may do what, compresses, measures, and gives every error the same form.

mod accept;
mod answer;
mod compression;
mod connections;
mod deadline;
mod failures;
mod gate;
mod hosts;
mod limits;
mod measure;
mod outcome;
mod panics;
mod protocol;
mod request_id;
mod serve;
mod tls;
mod trace_context;

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use courant_access::Gate;
use courant_api::ErrorCode;
use opentelemetry::metrics::Meter;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tower_http::decompression::RequestDecompressionLayer;
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::config::Config;
use crate::probes;
use crate::refusal::Refusal;
pub(crate) use connections::Connections;
use failures::Failures;
use hosts::Allowed;
pub(crate) use limits::BodyLimit;
pub(crate) use limits::limited;
use outcome::ResponseOutcome;
pub(crate) use protocol::Protocol;
use request_id::RequestId;
pub(crate) use serve::serve;
pub(crate) use tls::Tls;

/// The time that a browser remembers the answer to its question for leave.
const CORS_MAX_AGE: Duration = Duration::from_secs(600);

/// Puts the face of HTTP around the routes of the agents, and a lighter one around `probes`, which
/// are answered to all.
pub(crate) fn over_http(
    routes: Router,
    probes: Router,
    gate: &Gate,
    config: &Config,
    meter: &Meter,
) -> Router {
    let allowed = Allowed::new(&config.hosts, &config.origins);
    let mut routes = routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(no_path)
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn(answer::plain_errors_as_problems))
        .layer(from_fn_with_state((gate.clone(), Protocol::Http), gate::check));
    if allowed.has_origins() {
        routes = routes.layer(cors(allowed.clone()));
    }
    let routes = routes
        .layer(from_fn_with_state(allowed, hosts::check))
        .layer(panics::caught(Protocol::Http))
        // Within the compression: it changes bodies.
        .layer(from_fn(answer::name_request))
        .layer(compression::answers())
        .layer(from_fn_with_state(measure::histogram(meter), measure::measure));
    let probes = probes.layer(from_fn_with_state((gate.clone(), Protocol::Http), gate::check));
    observed(routes.merge(probes), Protocol::Http)
}

/// Puts the face of gRPC around `routes`. Hosts are not checked, because no page in a browser can
/// speak gRPC.
pub(crate) fn over_grpc(routes: Router, gate: &Gate) -> Router {
    let routes = routes
        .layer(from_fn(deadline::within_deadline))
        .layer(from_fn_with_state((gate.clone(), Protocol::Grpc), gate::check));
    observed(routes.layer(panics::caught(Protocol::Grpc)), Protocol::Grpc)
}

/// Lets pages of the configured origins read answers.
fn cors(allowed: Allowed) -> CorsLayer {
    let exposed = [
        header::RETRY_AFTER,
        header::LINK,
        header::ETAG,
        header::WWW_AUTHENTICATE,
        request_id::HEADER,
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin: &HeaderValue, _| {
            allowed.names_origin(origin)
        }))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.to_vec() as Vec<HeaderName>)
        .max_age(CORS_MAX_AGE)
}

async fn no_path(uri: Uri) -> Refusal {
    let path: String = uri.path().chars().take(200).collect();
    Refusal::new(ErrorCode::NotFound, format!("there is nothing at {path}"))
}

async fn method_not_allowed(method: Method) -> Refusal {
    let method: String = method.as_str().chars().take(20).collect();
    Refusal::new(ErrorCode::MethodNotAllowed, format!("{method} is not allowed here"))
}

/// Observes every request to `router`. Probes get an id only: they come every few
/// seconds, and while a process starts they fail.
fn observed(router: Router, protocol: Protocol) -> Router {
    router.layer(from_fn_with_state((protocol, Failures::default()), observe))
}

async fn observe(
    State((protocol, failures)): State<(Protocol, Failures)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let mut response = if probes::is_probe(request.uri().path()) {
        next.run(request).await
    } else {
        traced(protocol, &failures, request, next, &id).await
    };
    if protocol == Protocol::Http {
        answer::guard(response.headers_mut());
    }
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
