//! The way from an answer of the API to the result of a tool.

use rmcp::model::CallToolResult;
use serde::Serialize;
use serde_json::{Map, Value};

use super::budget::{Budget, Form, ResponseFormat};
use super::quote::{Untrusted, cleaned};
use crate::error::ApiError;

/// The longest text in an answer, other than the text of an article.
pub(super) const MAX_CHARS: usize = 500;

/// Returns the result with an answer, below its notice and within its budget.
pub(super) fn result<T: Serialize>(
    answer: &T,
    format: ResponseFormat,
    form: Form,
) -> Result<CallToolResult, ApiError> {
    Ok(Budget::new(format, form).result(quoted(answer, MAX_CHARS)?))
}

/// Returns the members of an answer, with the notice first.
pub(super) fn quoted<T: Serialize>(
    answer: &T,
    max_chars: usize,
) -> Result<Map<String, Value>, ApiError> {
    // Plain structs with text keys: no input can make them fail.
    let value = serde_json::to_value(Untrusted::new(answer)).map_err(|_| ApiError::Panicked)?;
    match cleaned(value, max_chars) {
        Value::Object(members) => Ok(members),
        _ => Err(ApiError::Panicked),
    }
}

/// Returns `limit`, or `default` if it is absent.
///
/// # Errors
/// If `limit` is 0 or above `most`.
pub(super) fn checked_limit(
    limit: Option<usize>,
    default: usize,
    most: usize,
) -> Result<usize, ApiError> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => Err(ApiError::Invalid(format!("limit is {limit}; ask for 1 to {most}"))),
    }
}
