//! A fast walk through markup without a tree. It gives texts and tags in their order.
//!
//! It works for bytes of any encoding in which `<` and `>` mean nothing else. These are all
//! encodings that the web uses, except ISO-2022-JP.

/// A part of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'b> {
    /// The text between two tags, with its references; never blank.
    Text(&'b [u8]),
    /// A tag without its angle brackets.
    Tag(&'b [u8]),
}

/// Walks through a document. Comments, scripts and styles are skipped. One without an end is
/// skipped up to the end of the document.
pub(crate) struct Pieces<'b>(&'b [u8]);

impl<'b> Pieces<'b> {
    pub(crate) fn of(document: &'b [u8]) -> Self {
        Self(document)
    }

    fn tag(&mut self) -> Option<Piece<'b>> {
        const CDATA: &[u8] = b"<![CDATA[";
        let rest = self.0;
        let starts =
            |name: &[u8]| rest.get(..name.len()).is_some_and(|r| r.eq_ignore_ascii_case(name));
        if starts(CDATA) {
            self.0 = &rest[CDATA.len()..];
            return None;
        }
        let hidden: [(&[u8], &[u8]); 3] =
            [(b"<!--", b"-->"), (b"<script", b"</script"), (b"<style", b"</style")];
        let hidden = hidden.into_iter().find(|(start, _)| starts(start)).map(|(_, end)| end);
        let end = hidden.unwrap_or(b">");
        let at = rest.windows(end.len()).position(|window| window.eq_ignore_ascii_case(end));
        let tag = at.filter(|_| hidden.is_none()).map(|at| Piece::Tag(&rest[1..at]));
        // The tag that ends a script counts as a tag.
        let passed = if end.starts_with(b"</") { 0 } else { end.len() };
        self.0 = at.map_or(&[], |at| &rest[at + passed..]);
        tag
    }
}

impl<'b> Iterator for Pieces<'b> {
    type Item = Piece<'b>;

    fn next(&mut self) -> Option<Piece<'b>> {
        while !self.0.is_empty() {
            if self.0[0] == b'<' {
                if let Some(tag) = self.tag() {
                    return Some(tag);
                }
                continue;
            }
            let end = self.0.iter().position(|byte| *byte == b'<').unwrap_or(self.0.len());
            let (text, rest) = self.0.split_at(end);
            self.0 = rest;
            if !text.trim_ascii().is_empty() {
                return Some(Piece::Text(text));
            }
        }
        None
    }
}

/// Returns true for a start tag of the element `name`, in lower case.
pub(crate) fn is_element(tag: &[u8], name: &str) -> bool {
    let end = tag.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/');
    tag[..end.unwrap_or(tag.len())].eq_ignore_ascii_case(name.as_bytes())
}

/// Returns the value of an attribute, with its references resolved. `name` is in lower case.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag.split_once(|c: char| c.is_ascii_whitespace() || c == '/')?.1;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=').unwrap_or(rest.len());
        let (found, behind) = rest.split_at(end);
        let (value, behind) = match behind.trim_ascii_start().strip_prefix('=') {
            Some(value) => value_of(value.trim_ascii_start()),
            None => ("", behind),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(html_escape::decode_html_entities(value).into_owned());
        }
        // A stray sign is no attribute.
        rest = behind.strip_prefix('=').unwrap_or(behind);
    }
}

/// Returns the value at the start of `text`, and the text after it.
fn value_of(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_tags_come_in_order_and_scripts_do_not() {
        let page = b"<p class=a>One <b>two</b><!-- <i> --><SCRIPT>1<2</script> three<![CDATA[4]]>";
        let pieces: Vec<_> = Pieces::of(page).collect();
        let text = |text: &'static str| Piece::Text(text.as_bytes());
        let tag = |tag: &'static str| Piece::Tag(tag.as_bytes());
        let expected = [
            tag("p class=a"),
            text("One "),
            tag("b"),
            text("two"),
            tag("/b"),
            tag("/script"),
            text(" three"),
            text("4]]>"),
        ];
        assert_eq!(pieces, expected);
        assert_eq!(Pieces::of(b"<!-- <p>x").count() + Pieces::of(b"<p").count(), 0);
    }

    #[test]
    fn attributes_are_read_however_they_are_written() {
        let tag = "meta a b = 'c &amp; d' E=f/g \"h\"=\"i";
        let value = |name| attribute(tag, name);
        assert_eq!(value("a").as_deref(), Some(""));
        assert_eq!(value("b").as_deref(), Some("c & d"));
        assert_eq!(value("e").as_deref(), Some("f/g"));
        assert_eq!(value("x"), None);
        assert!(is_element(b"META a", "meta") && is_element(b"br/", "br"));
        assert!(!is_element(b"metadata", "meta"));
        for odd in ["", "meta", "meta =", "meta = = =", "meta a=\"", "é é=é", "meta ====="] {
            assert_eq!(attribute(odd, "x"), None, "{odd}");
        }
    }
}
