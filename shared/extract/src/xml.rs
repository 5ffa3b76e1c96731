//! Walks through foreign XML and tolerates its faults. Written by hand as a thin layer over
//! `quick-xml`, which reads well-formed XML only.

use std::cell::Cell;
use std::ops::ControlFlow;

use encoding_rs::WINDOWS_1252;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The most entities that a document may declare.
const MAX_ENTITIES: usize = 256;
const MAX_ENTITY_BYTES: usize = 256;
/// The most bytes that declared entities may add to one document, which prevents a "billion laughs"
/// attack.
const MAX_EXPANSION_BYTES: usize = 1024 * 1024;
/// The most bytes between `&` and `;`. Longer ones are text.
const MAX_REFERENCE_BYTES: usize = 40;
/// The most errors after which a walk goes on. Each may have been searched for up to the end.
const MAX_ERRORS: usize = 32;

/// A tag or a text, as the walk gives it.
#[derive(Clone, Copy)]
pub(crate) enum Node<'a> {
    /// A start tag. An empty element gives a `Start` and an `End`.
    Start(&'a str, &'a Attributes<'a>),
    /// Text with its references resolved. One text may come in several pieces.
    Text(&'a str),
    /// An end tag.
    End(&'a str),
}

/// The attributes of one start tag.
pub(crate) struct Attributes<'a> {
    tag: &'a BytesStart<'a>,
    entities: &'a Entities,
}

impl Attributes<'_> {
    /// Returns the value of the attribute with this name, in any case.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let found = self.raw().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| self.entities.resolve_all(&value))
    }

    /// Returns the names and values in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, String)> {
        self.raw().map(|(name, value)| (name, self.entities.resolve_all(&value)))
    }

    fn raw(&self) -> impl Iterator<Item = (String, String)> {
        let mut attributes = self.tag.html_attributes();
        attributes.with_checks(false);
        let readable = attributes.filter_map(Result::ok);
        readable.map(|found| (found.key.as_ref().to_owned(), found.value.to_string()))
    }
}

/// The texts that a document's entity references stand for.
#[derive(Default)]
struct Entities {
    declared: Vec<(String, String)>,
    expanded_bytes: Cell<usize>,
}

impl Entities {
    /// Reads the `<!ENTITY name "value">` declarations of a doctype. An entity cannot use another
    /// one, and none is read from outside the document.
    fn declare(&mut self, doctype: &str) {
        for declaration in doctype.split("<!ENTITY").skip(1).take(MAX_ENTITIES) {
            let Some((name, rest)) = declaration.trim_start().split_once(char::is_whitespace)
            else {
                continue;
            };
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let value = quote.and_then(|quote| rest[1..].split_once(quote)).map(|parts| parts.0);
            if let Some(value) = value.filter(|value| value.len() <= MAX_ENTITY_BYTES) {
                let value = Self::default().resolve_all(value);
                self.declared.push((name.to_owned(), value));
            }
        }
    }

    /// Returns the text of `&name;`. Returns `None` if the name is unknown.
    fn resolve(&self, name: &str) -> Option<String> {
        if let Some(number) = name.strip_prefix('#') {
            return character(number).map(String::from);
        }
        if let Some((_, value)) = self.declared.iter().find(|(known, _)| known == name) {
            let expanded = self.expanded_bytes.get() + value.len();
            self.expanded_bytes.set(expanded);
            return (expanded <= MAX_EXPANSION_BYTES).then(|| value.clone());
        }
        let reference = format!("&{name};");
        let resolved = html_escape::decode_html_entities(&reference);
        (resolved != reference).then(|| resolved.into_owned())
    }

    /// Returns `text` with every known reference resolved.
    fn resolve_all(&self, text: &str) -> String {
        let mut resolved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('&') {
            resolved.push_str(before);
            let end = after.bytes().take(MAX_REFERENCE_BYTES).position(|byte| byte == b';');
            match end.and_then(|end| Some((self.resolve(&after[..end])?, &after[end + 1..]))) {
                Some((value, behind)) => {
                    resolved.push_str(&value);
                    rest = behind;
                }
                None => {
                    resolved.push('&');
                    rest = after;
                }
            }
        }
        resolved + rest
    }
}

/// Returns the character of a numeric reference. Numbers of C1 controls mean the characters of
/// windows-1252, as in HTML.
fn character(number: &str) -> Option<char> {
    let hexadecimal = number.strip_prefix(['x', 'X']);
    let code = match hexadecimal {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9f) => WINDOWS_1252.decode(&[byte]).0.chars().next(),
        _ => char::from_u32(code).filter(|c| *c != '\0'),
    }
}

/// Calls `visit` with every node until it breaks. Names keep their prefix and case.
///
/// The walk goes on at the next tag if a part of the text is not XML.
///
/// # Errors
/// The first error of the parser. All nodes that could be read were visited nevertheless.
pub(crate) fn walk(
    text: &str,
    mut visit: impl FnMut(Node<'_>) -> ControlFlow<()>,
) -> Result<(), quick_xml::Error> {
    let mut entities = Entities::default();
    let (mut rest, mut first) = (text, None);
    for _ in 0..MAX_ERRORS {
        let Err((error, at)) = walk_on(rest, &mut entities, &mut visit) else { break };
        first = first.or(Some(error));
        let behind = rest.get(at + 1..).unwrap_or_default();
        let Some(next) = behind.find('<') else { break };
        rest = &behind[next..];
    }
    first.map_or(Ok(()), Err)
}

/// Walks until the end, a break or an error. Returns the error with its place in `text`.
fn walk_on(
    text: &str,
    entities: &mut Entities,
    visit: &mut impl FnMut(Node<'_>) -> ControlFlow<()>,
) -> Result<(), (quick_xml::Error, usize)> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        let event = reader.read_event().map_err(|error| {
            (error, usize::try_from(reader.error_position()).unwrap_or(usize::MAX - 1))
        })?;
        let flow = match event {
            Event::Start(tag) => {
                let attributes = Attributes { tag: &tag, entities };
                visit(Node::Start(tag.name().as_ref(), &attributes))
            }
            Event::Empty(tag) => {
                let name = tag.name();
                let attributes = Attributes { tag: &tag, entities };
                match visit(Node::Start(name.as_ref(), &attributes)) {
                    ControlFlow::Continue(()) => visit(Node::End(name.as_ref())),
                    stop => stop,
                }
            }
            Event::End(tag) => visit(Node::End(tag.name().as_ref())),
            Event::Text(text) => visit(Node::Text(&text)),
            Event::CData(text) => visit(Node::Text(&text.into_inner())),
            Event::GeneralRef(reference) => match entities.resolve(&reference) {
                Some(text) => visit(Node::Text(&text)),
                None => visit(Node::Text(&format!("&{};", &*reference))),
            },
            Event::DocType(doctype) => {
                entities.declare(&doctype);
                ControlFlow::Continue(())
            }
            Event::Eof => return Ok(()),
            _ => ControlFlow::Continue(()),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
}

/// Returns the name without its prefix, and the prefix.
pub(crate) fn local(name: &str) -> (&str, &str) {
    name.split_once(':').map_or((name, ""), |(prefix, local)| (local, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(xml: &str) -> String {
        let mut all = String::new();
        walk(xml, |node| {
            if let Node::Text(text) = node {
                all.push_str(text);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        all
    }

    #[test]
    fn references_are_resolved_as_far_as_anyone_knows_them() {
        assert_eq!(text_of("<a>&lt;&eacute;&Omega;&#8230;&#x2026;&#146;</a>"), "<éΩ……’");
        assert_eq!(
            text_of("<a>AT&T &unknown; &#0;&#xFFFFFFFF;</a>"),
            "AT&T &unknown; &#0;&#xFFFFFFFF;"
        );
        let declared = "<!DOCTYPE a [<!ENTITY co \"A &#38; B\"><!ENTITY x SYSTEM 'file:///etc'>]>";
        assert_eq!(text_of(&format!("{declared}<a>&co;&x;</a>")), "A & B&x;");
    }

    #[test]
    fn an_error_does_not_end_the_walk() {
        let mut names = Vec::new();
        let walked = walk("<a>é<!x><b/><!-- no end <c/>", |node| {
            if let Node::Start(name, _) = node {
                names.push(name.to_owned());
            }
            ControlFlow::Continue(())
        });
        assert!(walked.is_err());
        assert_eq!(names, ["a", "b", "c"]);
    }

    #[test]
    fn entities_do_not_explode() {
        let declared = format!("<!DOCTYPE a [<!ENTITY b '{}'>]>", "x".repeat(MAX_ENTITY_BYTES));
        let text = text_of(&format!("{declared}<a>{}</a>", "&b;".repeat(100_000)));
        assert!(text.len() < MAX_EXPANSION_BYTES + 400_000, "{}", text.len());
    }

    #[test]
    fn attributes_are_read_whatever_is_in_them() {
        let mut seen = Vec::new();
        walk("<a HREF='?a=1&b=2&amp;c&nbsp;' b=unquoted c/>", |node| {
            if let Node::Start(_, attributes) = node {
                seen = attributes.iter().collect();
                assert_eq!(attributes.get("href").as_deref(), Some("?a=1&b=2&c\u{a0}"));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(seen[1], ("b".to_owned(), "unquoted".to_owned()));
    }
}
