//! The common form of answers: errors as problems that name their request, and headers that keep
//! browsers from misusing an answer.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use courant_api::{ErrorCode, Problem};

use super::request_id::RequestId;
use crate::refusal::Refusal;

/// The most bytes of a library's error that are read.
const MAX_ERROR_BYTES: usize = 4 << 10;

/// Headers of every answer, unless its route says otherwise.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds the headers of every answer.
pub(super) fn guard(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Turns errors of libraries, which are plain text, into problems.
pub(super) async fn plain_errors_as_problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || is_written(response.headers()) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MAX_ERROR_BYTES).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&body);
    let code = ErrorCode::of_status(status.as_u16());
    let detail = if said.trim().is_empty() { code.title() } else { said.trim() };
    let problem = Problem { status: status.as_u16(), ..Problem::new(code, detail) };
    let mut problem = Refusal::from(problem).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER, header::ACCEPT_ENCODING] {
        if let Some(value) = parts.headers.get(&name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

/// Returns true if the error is a problem, or a page for people.
fn is_written(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|media_type| {
        media_type.contains("json") || media_type.starts_with("text/html")
    })
}

/// Names the request in the problem that its answer is.
pub(super) async fn name_request(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let response = next.run(request).await;
    let problem = response.extensions().get::<Problem>().cloned();
    let (Some(id), Some(problem)) = (id, problem) else { return response };
    let instance = Some(format!("urn:courant:request:{}", id.as_str()));
    let named = Json(&Problem { instance, ..problem }).into_response();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::new(named.into_body()))
}
