//! The way from an answer to the result of a tool.

use rmcp::model::CallToolResult;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::budget::{Budget, Form, ResponseFormat};
use crate::error::Error;
use crate::quote::{Untrusted, cleaned};

/// The longest text in an answer, other than the text of an article.
pub const MAX_CHARS: usize = 500;

/// Returns the result with an answer, below its notice and within its budget.
///
/// # Errors
/// If the answer is no object, or cannot be written as JSON.
pub fn result<T: Serialize>(
    answer: &T,
    format: ResponseFormat,
    form: Form,
) -> Result<CallToolResult, Error> {
    Ok(Budget::new(format, form).result(quoted(answer, MAX_CHARS)?))
}

/// Returns the members of an answer, with the notice first. Texts are cut at `max_chars`.
///
/// # Errors
/// If the answer is no object, or cannot be written as JSON.
pub fn quoted<T: Serialize>(answer: &T, max_chars: usize) -> Result<Map<String, Value>, Error> {
    let value = serde_json::to_value(Untrusted::new(answer)).map_err(Error::Unwritable)?;
    match cleaned(value, max_chars) {
        Value::Object(members) => Ok(members),
        _ => Err(Error::NoObject),
    }
}

/// Returns `limit`, or `default` if it is absent.
///
/// # Errors
/// If `limit` is 0 or above `most`.
pub fn checked_limit(limit: Option<usize>, default: usize, most: usize) -> Result<usize, Error> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => Err(Error::Limit { limit, most }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_limit_outside_its_range_is_refused_with_the_range() {
        assert_eq!(checked_limit(None, 10, 50).unwrap(), 10);
        assert_eq!(checked_limit(Some(50), 10, 50).unwrap(), 50);
        for limit in [0, 51] {
            let error = checked_limit(Some(limit), 10, 50).unwrap_err();
            assert_eq!(error.to_string(), format!("limit is {limit}; ask for 1 to 50"));
        }
    }

    #[test]
    fn the_notice_is_the_first_member_of_an_answer() {
        let members = quoted(&json!({"hits": "text", "title": "long"}), 2).unwrap();
        assert_eq!(members.keys().next().unwrap(), "_notice");
        assert_eq!((&members["hits"], &members["title"]), (&json!("te"), &json!("lo")));
    }
}
