//! The texts of a page's fields in order.

use crate::isolate::fragment;

/// Words apart by single spaces, entities resolved and tags dropped where a
/// publisher left them in a field, at most `max_chars`.
pub(crate) fn tidy(text: &str, max_chars: usize) -> String {
    let has_markup = text.contains('&') && text.contains(';') || text.contains("</");
    let resolved =
        if has_markup { fragment(text).map(|document| document.text().to_string()) } else { None };
    let text = resolved.as_deref().unwrap_or(text);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.chars().take(max_chars).collect()
}
