//! Errors of JSON-RPC for bodies that are no message.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::{Value, json};

const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;

/// Answers a body that is no JSON, or no message of JSON-RPC, with the error of JSON-RPC. The
/// service behind refuses such a body as one of another media type.
pub(crate) async fn explain_malformed(
    State(max_body_bytes): State<usize>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, max_body_bytes).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, "the body is too large");
    };
    let content_type = parts.headers.get(axum::http::header::CONTENT_TYPE);
    let is_json = content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with("application/json"));
    let response = next.run(Request::from_parts(parts, Body::from(Bytes::clone(&bytes)))).await;
    if is_json && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return error_of(&bytes);
    }
    response
}

fn error_of(body: &[u8]) -> Response {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => {
            refused(StatusCode::BAD_REQUEST, PARSE_ERROR, &format!("parse error: {error}"))
        }
        Ok(_) => refused(
            StatusCode::BAD_REQUEST,
            INVALID_REQUEST,
            "invalid request: send one message of JSON-RPC 2.0",
        ),
    }
}

fn refused(status: StatusCode, code: i32, message: &str) -> Response {
    let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}});
    (status, Json(error)).into_response()
}
