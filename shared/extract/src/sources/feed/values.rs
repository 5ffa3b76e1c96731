//! The values of a feed's fields, and the limits on their number and length.

use url::Url;

pub(super) const MAX_ENTRIES: usize = 5_000;
pub(super) const MAX_FIELD_BYTES: usize = 512 * 1024;
pub(super) const MAX_NAMES: usize = 64;

/// Returns the text without control characters and the white space around it. Returns `None` if
/// nothing is left.
pub(super) fn field(mut text: String) -> Option<String> {
    text.truncate(text.floor_char_boundary(MAX_FIELD_BYTES));
    text.retain(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Returns an absolute http or https URL as it is written, or a relative one resolved against
/// `base`.
pub(crate) fn link(href: &str, base: Option<&Url>) -> Option<String> {
    let href = href.trim();
    let is_page = |url: &Url| matches!(url.scheme(), "http" | "https");
    match Url::parse(href) {
        Ok(url) if !href.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            is_page(&url).then(|| href.to_owned())
        }
        Ok(url) => is_page(&url).then(|| url.into()),
        Err(_) if href.is_empty() => None,
        Err(_) => base.and_then(|base| base.join(href).ok()).filter(is_page).map(String::from),
    }
}
