//! The codes of errors: the fixed words by which programs tell them apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The code of an error. Each has one HTTP status, whichever agent answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request is invalid. Sending it again does not help.
    InvalidRequest,
    /// The request has no valid token and no session.
    Unauthenticated,
    /// The token or the session does not allow the operation.
    Forbidden,
    /// The browser's page is of an origin that may not use this service.
    OriginNotAllowed,
    /// There is nothing here.
    NotFound,
    /// There is no such model.
    ModelNotFound,
    /// The path does not allow the method.
    MethodNotAllowed,
    /// The request contradicts the present state.
    Conflict,
    /// The body is larger than the route takes.
    TooLarge,
    /// The body is of a media type or encoding that the route does not take.
    UnsupportedMediaType,
    /// The request names a host for which the service does not answer.
    HostNotAllowed,
    /// The key of the request came with another request before.
    IdempotencyConflict,
    /// The pipeline takes nothing more for now.
    Busy,
    /// Too many requests are in progress.
    Overloaded,
    /// A defect of the machine or of Courant.
    Internal,
    /// A search by meaning has no embedder.
    NoEmbedder,
    /// The search index has not seen yet what the request refers to.
    Behind,
    /// A part that the request needs is not available now.
    Unavailable,
    /// No answer came in time.
    Timeout,
}

impl ErrorCode {
    /// All codes, by their status.
    pub const ALL: [Self; 19] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::OriginNotAllowed,
        Self::NotFound,
        Self::ModelNotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::HostNotAllowed,
        Self::IdempotencyConflict,
        Self::Busy,
        Self::Overloaded,
        Self::Internal,
        Self::NoEmbedder,
        Self::Behind,
        Self::Unavailable,
        Self::Timeout,
    ];

    /// Returns the code as it stands in answers.
    pub fn as_str(self) -> &'static str {
        self.said().0
    }

    /// Returns the HTTP status.
    pub fn status(self) -> u16 {
        self.said().1
    }

    /// Returns the error in a few words, which are the same for every request.
    pub fn title(self) -> &'static str {
        self.said().2
    }

    /// Returns the code that fits an HTTP status that came without one.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Unauthenticated,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            415 => Self::UnsupportedMediaType,
            421 => Self::HostNotAllowed,
            429 => Self::Overloaded,
            503 => Self::Unavailable,
            408 | 504 => Self::Timeout,
            500.. => Self::Internal,
            _ => Self::InvalidRequest,
        }
    }

    fn said(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidRequest => ("invalid_request", 400, "The request is invalid"),
            Self::Unauthenticated => ("unauthenticated", 401, "A token or a session is needed"),
            Self::Forbidden => ("forbidden", 403, "This is not allowed"),
            Self::OriginNotAllowed => ("origin_not_allowed", 403, "The origin is not allowed"),
            Self::NotFound => ("not_found", 404, "There is nothing here"),
            Self::ModelNotFound => ("model_not_found", 404, "There is no such model"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "The method is not allowed"),
            Self::Conflict => ("conflict", 409, "The request contradicts the present state"),
            Self::TooLarge => ("too_large", 413, "The request is too large"),
            Self::UnsupportedMediaType => {
                ("unsupported_media_type", 415, "The media type is not supported")
            }
            Self::HostNotAllowed => ("host_not_allowed", 421, "The host is not served here"),
            Self::IdempotencyConflict => {
                ("idempotency_conflict", 422, "The key came with another request")
            }
            Self::Busy => ("busy", 429, "The pipeline takes nothing more for now"),
            Self::Overloaded => ("overloaded", 429, "Too many requests are in progress"),
            Self::Internal => ("internal", 500, "The service has a defect"),
            Self::NoEmbedder => ("no_embedder", 503, "The embedder does not answer"),
            Self::Behind => ("behind", 503, "The search index is behind"),
            Self::Unavailable => ("unavailable", 503, "The service is not available"),
            Self::Timeout => ("timeout", 504, "No answer came in time"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_written_as_it_is_read_and_has_the_status_of_an_error() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
    }
}
