//! The text of a feed's element: escaped, inline, encoded or plain, as the element says.

use std::fmt::Write;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use html_escape::{encode_double_quoted_attribute_to_string, encode_text_to_string};
use url::Url;

use super::prose::{Kind, Prose};
use super::values::MAX_FIELD_BYTES;
use crate::xml::{Attributes, local};

/// The form of an element's text, known before its contents are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Base64. The decoded bytes are a text of an unusual type, or no text at all.
    Binary,
    /// HTML that is escaped once.
    Html,
    /// Text, or HTML if it looks like HTML. RSS does not say which.
    Guess,
    Text,
    /// Inline elements.
    Xhtml,
}

/// The text of one element while it is being read.
pub(super) struct Construct {
    form: Form,
    is_base64: bool,
    base: Option<Url>,
    /// The plain text, with its references resolved.
    text: String,
    /// The text with its elements, as HTML.
    markup: String,
    has_elements: bool,
}

impl Construct {
    pub(super) fn new(form: Form, base: Option<Url>) -> Self {
        let (text, markup) = (String::new(), String::new());
        Self { form, is_base64: false, base, text, markup, has_elements: false }
    }

    /// Starts a text in the form that Atom's attributes `type` and `mode` state.
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
        // Both are cut again when the field is finished.
        if self.text.len() < 2 * MAX_FIELD_BYTES {
            self.text.push_str(text);
            encode_text_to_string(text, &mut self.markup);
        }
    }

    pub(super) fn open(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.has_elements = true;
        if self.markup.len() < 2 * MAX_FIELD_BYTES {
            let _ = write!(self.markup, "<{}", local(name).0);
            for (name, value) in attributes.iter().filter(|(name, _)| !name.contains(':')) {
                let _ = write!(self.markup, " {name}=\"");
                encode_double_quoted_attribute_to_string(&value, &mut self.markup);
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

    /// Returns the plain text of a date, a link or a name.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Returns the text for people to read.
    pub(super) fn into_prose(mut self) -> Prose {
        if self.is_base64 || self.form == Form::Binary {
            self.text = from_base64(&self.text).unwrap_or_default();
            self.has_elements = false;
        }
        if self.has_elements || self.form == Form::Xhtml {
            return Prose::new(self.markup, Kind::Html, self.base);
        }
        let kind = match self.form {
            Form::Html | Form::Binary | Form::Xhtml => Kind::Html,
            Form::Guess => Kind::Guess,
            Form::Text => Kind::Text,
        };
        Prose::new(self.text, kind, self.base)
    }
}

/// Decodes base64 in either alphabet. Other characters are ignored.
fn from_base64(text: &str) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let digits = text.bytes().take_while(|byte| *byte != b'=');
    let digits = digits.filter_map(|byte| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' => Some(byte),
        _ => byte.is_ascii_alphanumeric().then_some(byte),
    });
    let mut digits: Vec<u8> = digits.collect();
    if digits.len() % 4 == 1 {
        digits.pop(); // a digit alone holds no byte
    }
    String::from_utf8(LENIENT.decode(digits).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_text() {
        let mut construct = Construct::new(Form::Html, None);
        construct.is_base64 = true;
        construct.push_text("PHA+\nSGVs bG88L3A+");
        assert_eq!(construct.into_prose().safe(), "<p>Hello</p>");
        assert_eq!(from_base64("SGVsbG8=").as_deref(), Some("Hello"));
        assert_eq!(from_base64("/9j/4AAQ"), None, "a picture");
        assert_eq!(from_base64("SG Vs.bG8_SGVsbG8-").as_deref(), Some("Hello?Hello>"));
        assert_eq!(from_base64("SGVsbG8=junk").as_deref(), Some("Hello"));
        assert_eq!(from_base64("SGVsb").as_deref(), Some("Hel"), "a digit too many");
    }
}
