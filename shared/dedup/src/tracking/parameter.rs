//! The two sides of a parameter.

/// The name and the value of a part of a query; the value is empty where there is no `=`.
pub(super) fn name_and_value(part: &str) -> (&str, &str) {
    part.split_once('=').unwrap_or((part, ""))
}
