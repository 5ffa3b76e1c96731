//! Keeps a page that was made to hurt from hurting anything but itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_query::Document;

/// Deeper trees are refused: they may be walked by recursion, and a stack that
/// overflows ends the process. Twice this depth was tried on a stack of 2 MiB.
const MAX_TREE_DEPTH: usize = 800;
/// Tags open at once, by a count that leaves out those that need no end tag: the
/// parser's time for a tag grows with the depth it stands in.
const MAX_OPEN_TAGS: i64 = 400;
/// What parsing may build. Formatting elements left open are built again in
/// every block that follows: a few megabytes can ask for billions of nodes.
const MAX_NODES: u64 = 2_000_000;

const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// Elements without an end tag, or whose end tag HTML lets authors leave out.
const UNCLOSED: [&str; 35] = [
    "area", "base", "body", "br", "col", "colgroup", "command", "dd", "dt", "embed", "head", "hr",
    "html", "img", "input", "keygen", "li", "link", "meta", "optgroup", "option", "p", "param",
    "path", "rect", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
];

/// Runs `parse`; a panic becomes an error with its message.
pub(crate) fn isolated<T>(parse: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(parse)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown").to_owned()
    })
}

/// The parsed page; `None` where it is nested too deeply, or too much work.
pub(crate) fn document(html: &str) -> Option<Document> {
    is_affordable(html).then(|| Document::from(html)).filter(is_flat)
}

/// The same for a piece of a page.
pub(crate) fn fragment(html: &str) -> Option<Document> {
    is_affordable(html).then(|| Document::fragment(html)).filter(is_flat)
}

/// Whether the tree stays within [`MAX_TREE_DEPTH`]; walked without recursion.
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

/// Whether parsing `html` stays within bounds of depth and work, estimated from
/// its tags alone.
fn is_affordable(html: &str) -> bool {
    let (mut depth, mut open_formatting, mut nodes) = (0_i64, 0_i64, 0_u64);
    for (name, is_end) in tags(html) {
        nodes += 1;
        let step = if is_end { -1 } else { 1 };
        if UNCLOSED.contains(&name.as_str()) {
            nodes += open_formatting.max(0).unsigned_abs();
        } else if FORMATTING.contains(&name.as_str()) {
            open_formatting = (open_formatting + step).max(0);
            depth = (depth + step).max(0);
        } else {
            nodes += open_formatting.max(0).unsigned_abs();
            depth = (depth + step).max(0);
        }
        if depth > MAX_OPEN_TAGS || nodes > MAX_NODES {
            return false;
        }
    }
    true
}

/// The tags outside scripts, styles and comments: name in lower case, and
/// whether it is an end tag. Tags that close themselves are passed over.
fn tags(html: &str) -> impl Iterator<Item = (String, bool)> {
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
            return Some((name, is_end));
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
        assert!(is_affordable(&foreign) && document(&foreign).is_none());
        assert!(document(&"<table><tr><td>".repeat(300)).is_none());
        assert!(fragment(&"<table><tr><td>".repeat(150)).is_some());
    }

    #[test]
    fn a_panic_is_an_error_with_its_message() {
        assert_eq!(isolated(|| 7), Ok(7));
        assert_eq!(isolated(|| panic!("no such node")).map(|()| 0), Err("no such node".to_owned()));
    }
}
