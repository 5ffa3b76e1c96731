//! A forgiving walk through XML that others wrote.

use std::ops::ControlFlow;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

/// What the walk meets.
#[derive(Clone, Copy)]
pub(crate) enum Node<'a> {
    /// A start tag, or an empty element (then an `End` follows).
    Start(&'a str, &'a Attributes<'a>),
    /// Text with its references resolved; may come in pieces.
    Text(&'a str),
    /// An end tag.
    End(&'a str),
}

/// The attributes of one start tag.
pub(crate) struct Attributes<'a>(&'a BytesStart<'a>);

impl Attributes<'_> {
    /// The value of the attribute with this name, whatever its case.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.html_attributes();
        attributes
            .with_checks(false)
            .flatten()
            .find(|attribute| attribute.key.as_ref().eq_ignore_ascii_case(name))
            .and_then(|attribute| attribute.normalized_value(XmlVersion::default()).ok())
            .map(|value| value.into_owned())
    }
}

/// Shows every node to `visit` until it breaks. Names keep their prefix and case.
///
/// # Errors
/// The parser's, where the text stops being XML; what came before was visited.
pub(crate) fn walk(
    text: &str,
    mut visit: impl FnMut(Node<'_>) -> ControlFlow<()>,
) -> Result<(), quick_xml::Error> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    loop {
        let flow = match reader.read_event()? {
            Event::Start(tag) => visit(Node::Start(tag.name().as_ref(), &Attributes(&tag))),
            Event::Empty(tag) => {
                let name = tag.name();
                match visit(Node::Start(name.as_ref(), &Attributes(&tag))) {
                    ControlFlow::Continue(()) => visit(Node::End(name.as_ref())),
                    stop => stop,
                }
            }
            Event::End(tag) => visit(Node::End(tag.name().as_ref())),
            Event::Text(text) => visit(Node::Text(&text)),
            Event::CData(text) => visit(Node::Text(&text.into_inner())),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(c)) => visit(Node::Text(c.encode_utf8(&mut [0; 4]))),
                _ => visit(Node::Text(resolve_predefined_entity(&reference).unwrap_or(" "))),
            },
            Event::Eof => return Ok(()),
            _ => ControlFlow::Continue(()),
        };
        if flow.is_break() {
            return Ok(());
        }
    }
}

/// The name without its prefix, and the prefix.
pub(crate) fn local(name: &str) -> (&str, &str) {
    name.split_once(':').map_or((name, ""), |(prefix, local)| (local, prefix))
}
