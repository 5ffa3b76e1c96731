//! Names of encodings, as servers and documents write them.

use encoding_rs::Encoding;

/// Returns the encoding that a `Content-Type` or a label names.
pub(super) fn in_content_type(hint: &str) -> Option<&'static Encoding> {
    label_in(hint).and_then(named)
}

/// Returns the encoding that a label names. Returns `None` for labels whose encoding cannot be
/// read.
pub(super) fn named(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.trim().as_bytes())
}

/// Returns `utf-8` for `text/html; charset="utf-8"`. A text without `/` is itself a label.
fn label_in(hint: &str) -> Option<&str> {
    if !hint.contains(['/', ';', '=']) {
        return Some(hint);
    }
    let at = hint.to_ascii_lowercase().find("charset")?;
    let value = hint[at + "charset".len()..].trim_start().strip_prefix('=')?;
    let value = value.split([';', ',']).next()?;
    Some(value.trim_matches([' ', '"', '\'']))
}
