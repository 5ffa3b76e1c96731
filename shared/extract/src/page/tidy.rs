//! Tidies the texts of a page's fields.

use crate::isolate::fragment;

/// Returns the text with single spaces between words, at most `max_chars` long. Entities that a
/// publisher left in a field are resolved, and tags are dropped.
pub(crate) fn tidy(text: &str, max_chars: usize) -> String {
    let has_markup = text.contains('&') && text.contains(';') || text.contains("</");
    let resolved =
        if has_markup { fragment(text).map(|document| document.text().to_string()) } else { None };
    let text = resolved.as_deref().unwrap_or(text);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(max_chars).collect()
}
