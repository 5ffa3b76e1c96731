//! A text of a feed for people to read. It is made safe only on request: most entries of a feed are
//! already known, and nobody reads their texts.

use encoding_rs::{UTF_8, WINDOWS_1252};
use serde::{Serialize, Serializer};
use url::Url;

use super::values::field;
use crate::sources::sanitize;

/// A text or HTML fragment, as the feed has it. It is empty if the feed has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose {
    raw: String,
    kind: Kind,
    base: Option<Url>,
}

/// The kind of a raw text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Html,
    /// Text, or HTML if it looks like HTML.
    Guess,
    #[default]
    Text,
}

impl Prose {
    /// Takes a raw text. Its links are resolved against `base`.
    pub(super) fn new(raw: String, kind: Kind, base: Option<Url>) -> Self {
        Self { raw, kind, base }
    }

    /// Returns the text, or the safe part of the HTML. Nothing in it runs, and it loads nothing but
    /// pictures. Returns `None` if nothing is left. Each call parses the text again.
    pub fn html(&self) -> Option<String> {
        field(self.safe())
    }

    /// Returns the safe HTML of the first `max_bytes` bytes, as [`Self::html`] does.
    pub(super) fn start(&self, max_bytes: usize) -> String {
        let raw = self.raw[..self.raw.floor_char_boundary(max_bytes)].to_owned();
        Self::new(raw, self.kind, self.base.clone()).safe()
    }

    /// Returns the text unless it is blank.
    pub(super) fn filled(self) -> Option<Self> {
        let is_blank = self.raw.chars().all(|c| c.is_whitespace() || c.is_control());
        (!is_blank).then_some(self)
    }

    /// Returns safe HTML, or text that is harmless if it is shown as HTML.
    pub(super) fn safe(&self) -> String {
        let is_html = match self.kind {
            Kind::Html => true,
            Kind::Guess => looks_like_html(&self.raw) || !sanitize::is_harmless(&self.raw),
            Kind::Text => !sanitize::is_harmless(&self.raw),
        };
        unmangled(if is_html {
            sanitize::html(&self.raw, self.base.as_ref())
        } else {
            self.raw.clone()
        })
    }
}

impl Serialize for Prose {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.html().serialize(serializer)
    }
}

/// Returns true if the text has an end tag, an empty-element tag or a reference.
fn looks_like_html(text: &str) -> bool {
    let has_reference = text.split('&').skip(1).any(|rest| {
        let name = rest.split(';').next().unwrap_or_default();
        rest.len() > name.len()
            && (2..12).contains(&name.len())
            && name.bytes().all(|byte| byte == b'#' || byte.is_ascii_alphanumeric())
    });
    has_reference || text.contains("</") || text.contains("/>")
}

/// Repairs UTF-8 that was read as windows-1252 and written again: `â€™` for `’`. Text in
/// windows-1252 is hardly ever valid UTF-8 by accident.
fn unmangled(text: String) -> String {
    let is_suspect = text.contains(['Â', 'Ã', 'â', 'ð', 'å', 'æ', 'ä', 'è', 'é', 'ç']);
    if !is_suspect {
        return text;
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(&text);
    if has_others {
        return text;
    }
    UTF_8
        .decode_without_bom_handling_and_without_replacement(&bytes)
        .map_or(text.clone(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(kind: Kind, text: &str) -> String {
        Prose::new(text.to_owned(), kind, None).safe()
    }

    #[test]
    fn plain_text_stays_unless_it_would_act() {
        assert_eq!(prose(Kind::Text, "the <blink> tag & co"), "the <blink> tag & co");
        assert_eq!(prose(Kind::Text, "a <script>x</script>"), "a ");
        assert_eq!(prose(Kind::Guess, "AT&T <3"), "AT&T <3");
        assert_eq!(prose(Kind::Guess, "<b>A</b> &amp; B"), "<b>A</b> &amp; B");
    }

    #[test]
    fn mangled_utf_8_is_mended_and_real_accents_are_left_alone() {
        assert_eq!(prose(Kind::Text, "donâ€™t"), "don’t");
        assert_eq!(prose(Kind::Text, "Größe, café, naïve"), "Größe, café, naïve");
        assert_eq!(prose(Kind::Text, "Ã la carte"), "Ã la carte");
    }

    #[test]
    fn a_text_of_which_nothing_is_left_is_none() {
        assert_eq!(Prose::default().html(), None);
        let script = Prose::new("<script>x</script>".to_owned(), Kind::Html, None);
        assert_eq!(script.html(), None);
        assert_eq!(serde_json::to_value(script).unwrap(), serde_json::Value::Null);
    }
}
