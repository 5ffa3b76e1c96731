//! The refusal of a request, which is the same over HTTP and gRPC.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use courant_api::{ErrorCode, Problem};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// The metadata of a gRPC status that holds the code of HTTP's answers.
const GRPC_ERROR_CODE: &str = "error-code";
/// The metadata of a gRPC status that says when to try again, which clients of gRPC know.
const GRPC_RETRY: &str = "grpc-retry-pushback-ms";
/// The wait after which an overloaded service is asked again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The kind of a refusal. It decides the code, and the label in metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request is invalid. Sending it again does not help.
    Invalid,
    /// The requested model does not exist.
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
    /// Returns the code in answers.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Invalid => ErrorCode::InvalidRequest,
            Self::NotFound => ErrorCode::ModelNotFound,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::Late => ErrorCode::Timeout,
            Self::Unavailable => ErrorCode::Unavailable,
            Self::Internal => ErrorCode::Internal,
        }
    }

    /// The word in metrics.
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

/// A refusal. Over HTTP it becomes a [`Problem`], over gRPC a status with the same code in the
/// metadata `error-code`.
#[derive(Clone, Debug)]
pub struct Refusal {
    problem: Box<Problem>,
    retry_after: Option<Duration>,
}

impl Refusal {
    /// Makes a refusal. `detail` is for people.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Problem::new(code, detail).into()
    }

    /// Says when the client should try again, in the header `Retry-After`.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// Returns the code.
    pub fn code(&self) -> ErrorCode {
        self.problem.code()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let retry_after = (problem.code() == ErrorCode::Overloaded).then_some(RETRY_AFTER);
        Self { problem: Box::new(problem), retry_after }
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let mut metadata = MetadataMap::new();
        let code = refusal.code();
        metadata.insert(GRPC_ERROR_CODE, MetadataValue::from_static(code.as_str()));
        if let Some(wait) = refusal.retry_after {
            let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            metadata.insert(GRPC_RETRY, MetadataValue::from(ms));
        }
        Self::with_metadata(grpc_code(code), refusal.problem.detail, metadata)
    }
}

fn grpc_code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidRequest
        | ErrorCode::TooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::HostNotAllowed => Code::InvalidArgument,
        ErrorCode::IdempotencyConflict => Code::AlreadyExists,
        ErrorCode::Unauthenticated => Code::Unauthenticated,
        ErrorCode::OriginNotAllowed | ErrorCode::Forbidden => Code::PermissionDenied,
        ErrorCode::NotFound | ErrorCode::ModelNotFound => Code::NotFound,
        ErrorCode::Conflict => Code::FailedPrecondition,
        ErrorCode::MethodNotAllowed => Code::Unimplemented,
        ErrorCode::Busy | ErrorCode::Overloaded => Code::ResourceExhausted,
        ErrorCode::NoEmbedder | ErrorCode::Behind | ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::Timeout => Code::DeadlineExceeded,
        ErrorCode::Internal => Code::Internal,
    }
}

impl IntoResponse for Refusal {
    /// The problem goes along with the response, so that the face can name the request in it.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(Problem::MEDIA_TYPE));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, wait.as_secs().into());
        }
        response.extensions_mut().insert(*self.problem);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_and_grpc_say_the_same_code() {
        for code in ErrorCode::ALL {
            let refusal = Refusal::new(code, "said");
            let response = refusal.clone().into_response();
            assert_eq!(response.status().as_u16(), code.status());
            assert_eq!(response.headers()[header::CONTENT_TYPE], Problem::MEDIA_TYPE);
            let status = Status::from(refusal);
            assert_eq!(status.metadata().get(GRPC_ERROR_CODE).unwrap(), code.as_str());
            assert_eq!(status.message(), "said");
        }
    }
}
