//! The headlines that readers see on a page, and the texts of its elements.

use dom_query::{Element, NodeRef};

use super::element::{Place, attr};

const MAX_HEADING_CHARS: usize = 500;
/// The most nodes that are examined for the text of one element.
pub(super) const MAX_NODES: usize = 400;

/// Parts of class names and ids of elements beside the article.
const MARGINS: [&str; 4] = ["sidebar", "footer", "newsletter", "cookie"];
/// Parts of class names and ids of elements that others wrote: other articles and comments.
const OTHERS: [&str; 10] = [
    "comment",
    "related",
    "recommend",
    "more-from",
    "read-next",
    "popular",
    "trending",
    "similar",
    "teaser",
    "most-read",
];
/// Parts of class names that state the layout of the page around the article.
const LAYOUTS: [&str; 9] =
    ["has-", "no-", "with", "open", "enabled", "layout", "left-", "right-", "wrapper"];
/// A headline that readers see.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) text: String,
    pub(super) place: Place,
}

impl Heading {
    pub(super) fn read(node: &NodeRef<'_>, place: Place) -> Option<Self> {
        let text = text(node, MAX_HEADING_CHARS, Gaps::Blocks)?;
        Some(Self { text, place })
    }
}

/// Returns true if the element holds something other than the article.
pub(super) fn is_margin(element: &Element) -> bool {
    let is_named = match element.name.local.as_ref() {
        "aside" | "footer" | "nav" | "noscript" => true,
        "div" | "section" | "ul" | "ol" | "li" => is_called(element, &MARGINS),
        _ => false,
    };
    is_named || is_of_others(element)
}

/// Returns true if the element holds other articles or comments.
pub(super) fn is_of_others(element: &Element) -> bool {
    let may_hold = matches!(
        element.name.local.as_ref(),
        "aside" | "footer" | "nav" | "div" | "section" | "ul" | "ol" | "li"
    );
    may_hold && is_called(element, &OTHERS)
}

/// Returns true if a class or the id has one of the `parts`: `sidebar`, but not `has-sidebar`,
/// which describes the article's surroundings.
fn is_called(element: &Element, parts: &[&str]) -> bool {
    ["class", "id"]
        .iter()
        .filter_map(|name| attr(element, name))
        .flat_map(str::split_ascii_whitespace)
        .any(|class| {
            let names = |part: &&str| contains_folded(class, part);
            parts.iter().any(names) && !LAYOUTS.iter().any(names)
        })
}

/// The places at which spaces are put between the pieces of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gaps {
    /// The starts and ends of all elements.
    All,
    /// The starts and ends of all elements except inline ones.
    Blocks,
}

/// Returns the element's text with single spaces. Returns `None` if it is empty or longer than
/// `max_chars`.
pub(super) fn text(node: &NodeRef<'_>, max_chars: usize, gaps: Gaps) -> Option<String> {
    let mut text = String::new();
    let mut is_behind_element = false;
    for inner in node.descendants_it().take(MAX_NODES) {
        is_behind_element |= inner.prev_sibling().is_some_and(|before| before.is_element());
        if inner.is_text() {
            if !is_hidden(&inner) {
                let own = inner.text();
                if is_behind_element && begins_anew(&text, &own) {
                    text.push(' ');
                }
                is_behind_element = false;
                text.push_str(&own);
            }
        } else if gaps == Gaps::All || !is_inline(&inner) {
            text.push(' ');
        }
        if text.len() > 8 * max_chars {
            return None;
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty() && text.chars().count() <= max_chars).then_some(text)
}

/// Returns true if a text that follows an inline element is another phrase. A kicker and a headline
/// may stand side by side with only style between them.
fn begins_anew(before: &str, text: &str) -> bool {
    let mut start = text.chars();
    let is_capital = start.next().is_some_and(char::is_uppercase)
        && start.next().is_some_and(char::is_lowercase);
    is_capital
        && before.chars().next_back().is_some_and(|end| {
            end.is_lowercase() || end.is_ascii_digit() || matches!(end, ':' | '.' | '!' | '?')
        })
}

fn is_hidden(text: &NodeRef<'_>) -> bool {
    text.parent().is_some_and(|parent| {
        ["script", "style", "svg", "noscript", "template"].iter().any(|name| parent.has_name(name))
    })
}

fn is_inline(node: &NodeRef<'_>) -> bool {
    node.qual_name_ref().is_some_and(|name| {
        matches!(
            name.local.as_ref(),
            "a" | "b"
                | "i"
                | "em"
                | "strong"
                | "span"
                | "u"
                | "sup"
                | "sub"
                | "mark"
                | "font"
                | "small"
                | "wbr"
        )
    })
}

/// Returns true if `text` contains `part` in any case. `part` is ASCII in lower case.
pub(super) fn contains_folded(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let first = part[0];
    text.len() >= part.len()
        && (0..=text.len() - part.len()).any(|start| {
            text[start] | 0x20 == first
                && text[start..start + part.len()].eq_ignore_ascii_case(part)
        })
}
