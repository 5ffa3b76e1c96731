//! Problem details (RFC 9457), the body of every error over HTTP.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::ErrorCode;
use crate::fault::Fault;

/// An error as `application/problem+json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The place of the error's description, by its code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The error in a few words, which are the same for every request.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The cause, and the way to correct it.
    pub detail: String,
    /// The request, by the id that also stands in `X-Request-Id` and in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The parts of the request that are at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The same error in the form of earlier versions and of OpenAI's clients.
    pub error: ErrorSummary,
}

/// A part of a request that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// The place in the body, as a JSON pointer in a fragment (`#/title`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The parameter of the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The fault, and what the part takes.
    pub detail: String,
}

/// An error as a code and a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorSummary {
    /// The code, for programs.
    pub code: ErrorCode,
    /// The same as `detail`.
    pub message: String,
    /// `invalid_request_error` or `server_error`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Problem {
    /// The media type.
    pub const MEDIA_TYPE: &str = "application/problem+json";

    /// Makes a problem. `detail` is for people.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let status = code.status();
        let kind = if status < 500 { "invalid_request_error" } else { "server_error" };
        Self {
            kind: format!("/docs#{}", code.as_str()),
            title: code.title().to_owned(),
            status,
            detail: detail.clone(),
            instance: None,
            errors: Vec::new(),
            error: ErrorSummary { code, message: detail, kind: kind.to_owned() },
        }
    }

    /// Makes the problem of a body that could not be read.
    pub fn of_body(fault: &Fault) -> Self {
        let pointer = Some(format!("#{}", fault.pointer()));
        Self::at_fault(
            fault,
            FieldError { pointer, parameter: None, detail: fault.detail().into() },
        )
    }

    /// Makes the problem of a URL's parameters that could not be read.
    pub fn of_parameters(fault: &Fault) -> Self {
        let parameter = fault.name().map(str::to_owned);
        Self::at_fault(
            fault,
            FieldError { pointer: None, parameter, detail: fault.detail().into() },
        )
    }

    fn at_fault(fault: &Fault, part: FieldError) -> Self {
        let problem = Self::new(ErrorCode::InvalidRequest, fault.to_string());
        Self { errors: vec![part], ..problem }
    }

    /// Returns the code.
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_has_the_members_of_the_standard_and_those_of_earlier_clients() {
        let problem = Problem::new(ErrorCode::NotFound, "there is no article 7");
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            json!({
                "type": "/docs#not_found",
                "title": "There is nothing here",
                "status": 404,
                "detail": "there is no article 7",
                "error": {
                    "code": "not_found",
                    "message": "there is no article 7",
                    "type": "invalid_request_error",
                },
            })
        );
    }
}
