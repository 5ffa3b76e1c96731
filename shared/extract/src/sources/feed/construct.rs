//! A text of a feed: escaped, inline, encoded or plain, as its element says.

use std::fmt::Write;

use encoding_rs::{UTF_8, WINDOWS_1252};
use url::Url;

use super::MAX_FIELD_BYTES;
use crate::sources::sanitize::{self, escape, escape_quoted};
use crate::xml::{Attributes, local};

/// What an element's text is, before anything inside it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In base64: a text of an unusual type, or no text at all.
    Binary,
    /// HTML, escaped once.
    Html,
    /// Text, or HTML where it looks like HTML: RSS does not say.
    Guess,
    Text,
    /// Elements, inline.
    Xhtml,
}

/// The text of one element while it is read.
pub(super) struct Construct {
    form: Form,
    is_base64: bool,
    base: Option<Url>,
    /// The text alone, its references resolved.
    text: String,
    /// The same with the elements in it, as HTML.
    markup: String,
    has_elements: bool,
}

impl Construct {
    pub(super) fn new(form: Form, base: Option<Url>) -> Self {
        let (text, markup) = (String::new(), String::new());
        Self { form, is_base64: false, base, text, markup, has_elements: false }
    }

    /// As the attributes `type` and `mode` of Atom say.
    pub(super) fn atom(attributes: &Attributes<'_>, base: Option<Url>) -> Self {
        let media = attributes.get("type").unwrap_or_default().trim().to_ascii_lowercase();
        let mode = attributes.get("mode").unwrap_or_default().to_ascii_lowercase();
        let is_base64 = mode == "base64";
        let form = match media.as_str() {
            "html" | "text/html" => Form::Html,
            "xhtml" | "application/xhtml+xml" => Form::Xhtml,
            media if mode == "escaped" && media.ends_with("xml") => Form::Html,
            "" | "text" => Form::Text,
            media if media.starts_with("text/") || media.ends_with("xml") => Form::Text,
            _ if is_base64 => Form::Text,
            _ => Form::Binary,
        };
        Self { is_base64, ..Self::new(form, base) }
    }

    pub(super) fn push_text(&mut self, text: &str) {
        // Both are cut again where the field is done.
        if self.text.len() < 2 * MAX_FIELD_BYTES {
            self.text.push_str(text);
            escape(text, &mut self.markup);
        }
    }

    pub(super) fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.has_elements = true;
        if self.markup.len() < 2 * MAX_FIELD_BYTES {
            let _ = write!(self.markup, "<{}", local(name).0);
            for (name, value) in attributes.iter().filter(|(name, _)| !name.contains(':')) {
                let _ = write!(self.markup, " {name}=\"");
                escape_quoted(&value, &mut self.markup);
                self.markup.push('"');
            }
            self.markup.push('>');
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        let name = local(name).0;
        let is_void = matches!(name, "br" | "img" | "hr" | "col" | "source" | "input");
        if !is_void && self.markup.len() < 2 * MAX_FIELD_BYTES {
            let _ = write!(self.markup, "</{name}>");
        }
    }

    /// The text alone, for what is no prose: a date, a link, a name.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Safe HTML, or text that is harmless as HTML, too.
    pub(super) fn into_prose(mut self) -> String {
        if self.is_base64 || self.form == Form::Binary {
            self.text = from_base64(&self.text).unwrap_or_default();
            self.has_elements = false;
        }
        let base = self.base.as_ref();
        let prose = match self.form {
            Form::Xhtml => sanitize::html(&self.markup, base),
            Form::Html if self.has_elements => sanitize::html(&self.markup, base),
            Form::Html | Form::Binary => sanitize::html(&self.text, base),
            Form::Text | Form::Guess if self.has_elements => sanitize::html(&self.markup, base),
            Form::Guess if looks_like_html(&self.text) => sanitize::html(&self.text, base),
            Form::Text | Form::Guess if sanitize::is_harmless(&self.text) => self.text,
            Form::Text | Form::Guess => sanitize::html(&self.text, base),
        };
        unmangled(prose)
    }
}

/// An end tag or a reference, and no element that HTML does not have.
fn looks_like_html(text: &str) -> bool {
    let has_reference = text.split('&').skip(1).any(|rest| {
        let name = rest.split(';').next().unwrap_or_default();
        rest.len() > name.len()
            && (2..12).contains(&name.len())
            && name.bytes().all(|byte| byte == b'#' || byte.is_ascii_alphanumeric())
    });
    has_reference || text.contains("</") || text.contains("/>")
}

/// UTF-8 that was once read as windows-1252 and written down so: `â€™` for `’`.
/// Text in windows-1252 is hardly ever valid UTF-8 by accident.
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

/// The text that base64 holds; characters that are none of it are passed over.
fn from_base64(text: &str) -> Option<String> {
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() / 4 * 3), 0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prose(form: Form, text: &str) -> String {
        let mut construct = Construct::new(form, None);
        construct.push_text(text);
        construct.into_prose()
    }

    #[test]
    fn plain_text_stays_unless_it_would_act() {
        assert_eq!(prose(Form::Text, "the <blink> tag & co"), "the <blink> tag & co");
        assert_eq!(prose(Form::Text, "a <script>x</script>"), "a ");
        assert_eq!(prose(Form::Guess, "AT&T <3"), "AT&T <3");
        assert_eq!(prose(Form::Guess, "<b>A</b> &amp; B"), "<b>A</b> &amp; B");
    }

    #[test]
    fn base64_is_text() {
        let mut construct = Construct::new(Form::Html, None);
        construct.is_base64 = true;
        construct.push_text("PHA+\nSGVs bG88L3A+");
        assert_eq!(construct.into_prose(), "<p>Hello</p>");
        assert_eq!(from_base64("SGVsbG8=").as_deref(), Some("Hello"));
        assert_eq!(from_base64("/9j/4AAQ"), None, "a picture");
    }

    #[test]
    fn mangled_utf_8_is_mended_and_real_accents_are_left_alone() {
        assert_eq!(prose(Form::Text, "donâ€™t"), "don’t");
        assert_eq!(prose(Form::Text, "Größe, café, naïve"), "Größe, café, naïve");
        assert_eq!(prose(Form::Text, "Ã la carte"), "Ã la carte");
    }
}
