//! Confines the harm of a malicious page to that page.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_query::Document;
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{ParseOpts, parse_document};

use crate::deadline::{Deadline, TimeIsUp};

/// The deepest tree that is read. Deeper trees are refused: they may be walked by recursion, and a
/// stack overflow ends the process. Twice this depth was tried on a stack of 2 MiB.
pub(crate) const MAX_TREE_DEPTH: usize = 800;
/// The most tags that may be open at once, without those that need no end tag. The parser's time
/// for a tag grows with its depth.
const MAX_OPEN_TAGS: i64 = 400;
/// The most nodes that parsing may build. Formatting elements that are left open are built again in
/// every block that follows, so a few megabytes can ask for billions of nodes.
const MAX_NODES: u64 = 2_000_000;
/// The bytes that are parsed between two looks at the clock.
const CHUNK_BYTES: usize = 32 * 1024;

const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements without an end tag, or with an end tag that HTML lets authors leave out.
const UNCLOSED: [&str; 35] = [
    "area", "base", "body", "br", "col", "colgroup", "command", "dd", "dt", "embed", "head", "hr",
    "html", "img", "input", "keygen", "li", "link", "meta", "optgroup", "option", "p", "param",
    "path", "rect", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
];

/// Elements of SVG that contain no HTML. Unlike HTML's own elements, `<use/>` closes itself.
const DRAWING: [&str; 31] = [
    "a",
    "animate",
    "animatemotion",
    "animatetransform",
    "circle",
    "clippath",
    "defs",
    "ellipse",
    "filter",
    "g",
    "image",
    "line",
    "lineargradient",
    "marker",
    "mask",
    "metadata",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialgradient",
    "rect",
    "set",
    "stop",
    "style",
    "switch",
    "symbol",
    "text",
    "textpath",
    "tspan",
    "use",
];

/// The reasons why a page cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unparsable {
    /// The page is nested too deeply, or its tags make too much work.
    TooComplex,
    /// The deadline passed.
    TimeIsUp,
}

impl From<TimeIsUp> for Unparsable {
    fn from(_: TimeIsUp) -> Self {
        Self::TimeIsUp
    }
}

/// Runs `parse`. A panic becomes an error with the message of the panic.
pub(crate) fn isolated<T>(parse: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(parse)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown").to_owned()
    })
}

/// Parses a page within bounds of depth, work and time.
pub(crate) fn document(html: &str, deadline: &Deadline<'_>) -> Result<Document, Unparsable> {
    if !is_affordable(html, deadline)? {
        return Err(Unparsable::TooComplex);
    }
    let document = parsed(html, deadline)?;
    if is_flat(&document) { Ok(document) } else { Err(Unparsable::TooComplex) }
}

/// Parses as `Document::from` does, but piece by piece.
fn parsed(html: &str, deadline: &Deadline<'_>) -> Result<Document, TimeIsUp> {
    let tree_builder = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
    let options = ParseOpts { tree_builder, ..ParseOpts::default() };
    let mut parser = parse_document(Document::default(), options);
    let mut rest = html;
    while !rest.is_empty() {
        deadline.look()?;
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(CHUNK_BYTES));
        parser.process(StrTendril::from_slice(piece));
        rest = behind;
    }
    deadline.look()?;
    Ok(parser.finish())
}

/// Returns true if a piece of a page can be parsed within bounds.
pub(crate) fn is_affordable_fragment(html: &str) -> bool {
    is_affordable(html, &Deadline::never()) == Ok(true)
}

/// Parses a piece of a page. Returns `None` if it cannot be parsed within bounds.
pub(crate) fn fragment(html: &str) -> Option<Document> {
    is_affordable_fragment(html).then(|| Document::fragment(html)).filter(is_flat)
}

/// Returns true if the tree stays within [`MAX_TREE_DEPTH`]. Walks the tree without recursion.
fn is_flat(document: &Document) -> bool {
    let (mut node, mut depth) = (document.root(), 0_usize);
    loop {
        if let Some(child) = node.first_child() {
            (node, depth) = (child, depth + 1);
            if depth > MAX_TREE_DEPTH {
                return false;
            }
            continue;
        }
        while node.next_sibling().is_none() {
            match node.parent() {
                Some(parent) if depth > 1 => (node, depth) = (parent, depth - 1),
                _ => return true,
            }
        }
        match node.next_sibling() {
            Some(sibling) => node = sibling,
            None => return true,
        }
    }
}

/// Returns true if parsing `html` stays within bounds of depth and work, estimated from its
/// tags alone.
fn is_affordable(html: &str, deadline: &Deadline<'_>) -> Result<bool, TimeIsUp> {
    let (mut depth, mut open_formatting, mut nodes) = (0_i64, 0_i64, 0_u64);
    let mut within = Within::Html;
    for tag in tags(html) {
        deadline.step()?;
        nodes += 1;
        let is_drawing = within == Within::Drawing;
        within = within.behind(&tag);
        if is_drawing && within == Within::Drawing && tag.closes_itself() {
            continue;
        }
        let step = if tag.is_end { -1 } else { 1 };
        if UNCLOSED.contains(&tag.name.as_str()) {
            nodes += open_formatting.max(0).unsigned_abs();
        } else if FORMATTING.contains(&tag.name.as_str()) {
            open_formatting = (open_formatting + step).max(0);
            depth = (depth + step).max(0);
        } else {
            nodes += open_formatting.max(0).unsigned_abs();
            depth = (depth + step).max(0);
        }
        if depth > MAX_OPEN_TAGS || nodes > MAX_NODES {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The way in which the parser reads the following text, as far as the tags alone can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Html,
    /// An SVG drawing.
    Drawing,
    /// The `title` or `desc` of a drawing, which holds HTML.
    Label,
}

impl Within {
    fn behind(self, tag: &Tag<'_>) -> Self {
        let name = tag.name.as_str();
        match (self, tag.is_end) {
            (_, false) if name == "svg" => Self::Drawing,
            (Self::Drawing, false) if matches!(name, "title" | "desc") => Self::Label,
            (Self::Label, true) if matches!(name, "title" | "desc") => Self::Drawing,
            (Self::Drawing, _) if DRAWING.contains(&name) || name.starts_with("fe") => self,
            _ => Self::Html,
        }
    }
}

/// A tag outside scripts, styles and comments.
struct Tag<'a> {
    /// The name in lower case.
    name: String,
    is_end: bool,
    /// The text after the name, up to the end of the HTML.
    rest: &'a str,
}

impl Tag<'_> {
    fn closes_itself(&self) -> bool {
        let mut quote = None;
        let mut before = 0;
        for byte in self.rest.bytes() {
            match (quote, byte) {
                (None, b'>') => return before == b'/',
                (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
                (Some(open), _) if open == byte => quote = None,
                _ => {}
            }
            before = byte;
        }
        false
    }
}

fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[rest.find('<')? + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = comment.split_once("-->").map_or("", |parts| parts.1);
                continue;
            }
            let is_end = rest.starts_with('/');
            let name = tag_name(&rest[usize::from(is_end)..]);
            if name.is_empty() {
                continue;
            }
            if !is_end && matches!(name.as_str(), "script" | "style") {
                rest = behind_raw_text(rest, &name);
                continue;
            }
            let behind_name = &rest[usize::from(is_end) + name.len()..];
            return Some(Tag { name, is_end, rest: behind_name });
        }
    })
}

fn tag_name(rest: &str) -> String {
    let length = rest.bytes().take(32).take_while(u8::is_ascii_alphanumeric).count();
    rest[..length].to_ascii_lowercase()
}

fn behind_raw_text<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        from += at + 2;
        let is_end = rest.as_bytes()[from..].get(..name.len());
        if is_end.is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes())) {
            return &rest[from..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_affordable(html: &str) -> bool {
        super::is_affordable(html, &Deadline::never()).unwrap()
    }

    fn document(html: &str) -> Result<Document, Unparsable> {
        super::document(html, &Deadline::never())
    }

    #[test]
    fn ordinary_pages_are_affordable() {
        let list = format!("<html><body><ul>{}</ul>", "<li><p>One <b>two</b><br>".repeat(20_000));
        assert!(is_affordable(&list));
        let script = format!("<script>{}</SCRIPT><p>text", "'<div>'".repeat(10_000));
        assert!(is_affordable(&script));
        assert!(is_affordable(""));
    }

    #[test]
    fn bombs_are_not() {
        assert!(!is_affordable(&"<div>".repeat(100_000)));
        let formatting = "<b id=1>".repeat(300) + &"<p>".repeat(10_000);
        assert!(!is_affordable(&formatting));
        // In SVG no tag closes by itself, whatever it means in HTML.
        let foreign = "<svg>".to_owned() + &"<input>".repeat(100_000);
        assert!(is_affordable(&foreign));
        assert_eq!(document(&foreign).err(), Some(Unparsable::TooComplex));
        let tables = "<table><tr><td>".repeat(300);
        assert_eq!(document(&tables).err(), Some(Unparsable::TooComplex));
        assert!(fragment(&"<table><tr><td>".repeat(150)).is_some());
    }

    #[test]
    fn shapes_that_close_themselves_nest_nothing() {
        let shapes = "<use href='a>b'/><polygon points=\"1,2\" />".repeat(5_000);
        let drawing = format!("<p><svg><title>A map</title><g>{shapes}</g></svg><p>text");
        assert!(document(&drawing).is_ok());
        for html in ["<use/>", "<svg><div></svg><use/>", "<svg><title><b></title><use/>"] {
            let deep = html.to_owned() + &"<use/>".repeat(5_000);
            assert!(!is_affordable(&deep), "HTML knows no such tag: {html}");
        }
    }

    #[test]
    fn a_page_parsed_piece_by_piece_is_the_same() {
        let html =
            "<p class=\"a b\">x &amp; é\r\n<!-- c --><b>y</b><script>z < 1</script>".repeat(3_000);
        let whole = Document::from(html.as_str());
        assert_eq!(document(&html).unwrap().html(), whole.html());
    }

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        assert_eq!(isolated(|| 7), Ok(7));
        assert_eq!(isolated(|| panic!("no such node")).map(|()| 0), Err("no such node".to_owned()));
    }
}
