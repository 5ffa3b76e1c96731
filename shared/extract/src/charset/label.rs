//! Names of encodings, as servers and documents write them.

use encoding_rs::Encoding;

/// The encoding that a `Content-Type` names, or a label.
pub(super) fn in_content_type(hint: &str) -> Option<&'static Encoding> {
    label_in(hint).and_then(named)
}

/// The encoding that a label names; none for those that stand for nothing readable.
pub(super) fn named(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.trim().as_bytes())
}

/// `utf-8` of `text/html; charset="utf-8"`; a text without `/` is a label itself.
fn label_in(hint: &str) -> Option<&str> {
    if !hint.contains(['/', ';', '=']) {
        return Some(hint);
    }
    let at = hint.to_ascii_lowercase().find("charset")?;
    let value = hint[at + "charset".len()..].trim_start().strip_prefix('=')?;
    let value = value.split([';', ',']).next()?;
    Some(value.trim_matches([' ', '"', '\'']))
}
