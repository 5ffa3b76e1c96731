//! The refusal of a request, which is the same over HTTP and gRPC.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tonic::{Code, Status};

/// The kind of a refusal. It decides the status in HTTP and the code in gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request is invalid. Sending it again does not help.
    Invalid,
    /// The requested item does not exist.
    NotFound,
    /// Too many requests are in progress.
    Overloaded,
    /// No answer came in time.
    Late,
    /// A part that the request needs is not available now.
    Unavailable,
    /// A defect of the machine or of Courant.
    Internal,
}

impl RefusalKind {
    /// Returns the HTTP status and the gRPC code.
    pub fn codes(self) -> (StatusCode, Code) {
        match self {
            Self::Invalid => (StatusCode::BAD_REQUEST, Code::InvalidArgument),
            Self::NotFound => (StatusCode::NOT_FOUND, Code::NotFound),
            Self::Overloaded => (StatusCode::TOO_MANY_REQUESTS, Code::ResourceExhausted),
            Self::Late => (StatusCode::GATEWAY_TIMEOUT, Code::DeadlineExceeded),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal),
        }
    }

    /// The word in answers and metrics, for programs.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NotFound => "model_not_found",
            Self::Overloaded => "overloaded",
            Self::Late => "late",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// A refusal with its message. Over HTTP it becomes `{"error":{"code","message","type"}}`, over
/// gRPC a status.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    code: Code,
    word: &'static str,
    message: String,
}

impl Refusal {
    /// Makes a refusal. `message` is for people.
    pub fn new(refused: RefusalKind, message: String) -> Self {
        let (status, code) = refused.codes();
        Self { status, code, word: refused.word(), message }
    }
}

impl From<JsonRejection> for Refusal {
    /// Keeps the status from axum, which knows best why the body cannot be read.
    fn from(rejection: JsonRejection) -> Self {
        let status = rejection.status();
        Self { status, ..Self::new(RefusalKind::Invalid, rejection.body_text()) }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.code, refusal.message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, word, message, .. } = self;
        let kind = if status.is_client_error() { "invalid_request_error" } else { "server_error" };
        let body = serde_json::json!({
            "error": { "code": word, "message": message, "type": kind }
        });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
