//! The bylines that readers see on a page.

use dom_query::{Element, NodeRef};

use super::element::{Place, attr};
use super::shown::{Gaps, MAX_NODES, contains_folded, text};
use crate::byline::{Source, is_surely_a_person, names_in};

const MAX_BYLINE_CHARS: usize = 200;
const MAX_NAME_BYTES: usize = 60;
/// The starts of bylines without markup.
const BYLINE_STARTS: [&str; 23] = [
    "by ",
    "by:",
    "written by",
    "posted by",
    "published by",
    "this post was written by",
    "this article was written by",
    "article by",
    "story by",
    "text by",
    "author:",
    "authors:",
    "author(s)",
    "contributor:",
    "contributors:",
    "von ",
    "par ",
    "por ",
    "door ",
    "autor:",
    "autorin:",
    "auteur",
    "words by",
];
/// Words before the names of people who checked an article, but did not write it.
const CHECKED: [&str; 9] = [
    "reviewed",
    "checked",
    "edited by",
    "researched",
    "verified",
    "approved",
    "illustrated",
    "photography by",
    "translated",
];
/// The most words before a name, with the first of the name itself.
const MAX_LABEL_WORDS: usize = 6;
/// The most characters of the words before a name.
const MAX_LABEL_CHARS: usize = 40;

/// The certainty, from the markup, that a text names the author. Later variants are surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sureness {
    /// A text of its own that is the name of a person, as far as its words tell.
    Name,
    /// A class with "author" in its name.
    Class,
    /// A link to what looks like an author's page.
    Linked,
    /// A text that starts with "By".
    Start,
    /// A class "byline".
    Byline,
    /// `rel=author`, `itemprop=author`, a class that says "author name".
    Named,
}

/// A text that may name authors.
#[derive(Debug)]
pub(super) struct Byline {
    pub(super) text: String,
    pub(super) sureness: Sureness,
    pub(super) place: Place,
}

impl Byline {
    pub(super) fn read(node: &NodeRef<'_>, element: &Element, place: Place) -> Option<Self> {
        let sureness = match declared_byline(element) {
            Some(sureness) => sureness,
            None if is_author_link(element) => Sureness::Linked,
            None if may_start_byline(node, element) => Sureness::Start,
            None => return None,
        };
        if is_of_checker(node) {
            return None;
        }
        let own = names_text(node)?;
        let text =
            if sureness == Sureness::Start && is_label(&own) { labelled_text(node)? } else { own };
        Some(Self { text, sureness, place })
    }

    /// Reads an element whose only text is the name of a person.
    pub(super) fn read_name(node: &NodeRef<'_>, place: Place) -> Option<Self> {
        let only =
            node.first_child().filter(|child| child.is_text() && child.next_sibling().is_none())?;
        let text = only.text();
        let text = text.trim();
        let is_name = text.len() <= MAX_NAME_BYTES && is_surely_a_person(text);
        is_name.then(|| Self { text: text.to_owned(), sureness: Sureness::Name, place })
    }
}

/// Returns the text of an element, with commas between the items of a list.
fn names_text(node: &NodeRef<'_>) -> Option<String> {
    let items = node.descendants_it().take(MAX_NODES).filter(|inner| inner.has_name("li"));
    let items: Vec<String> =
        items.filter_map(|item| text(&item, MAX_BYLINE_CHARS, Gaps::All)).collect();
    let own = text(node, MAX_BYLINE_CHARS, Gaps::All)?;
    let label = own.strip_suffix(&items.join(" ")).filter(|_| items.len() > 1);
    Some(label.map_or_else(|| own.clone(), |label| format!("{label}{}", items.join(", "))))
}

/// Returns the text that a label in an element of its own stands before. It is that of the next
/// element if it is a name, else that of the element around both.
fn labelled_text(label: &NodeRef<'_>) -> Option<String> {
    let behind = label.next_element_sibling().and_then(|behind| names_text(&behind));
    let is_name =
        |text: &String| !names_in(std::iter::once(text.as_str()), Source::Prose).is_empty();
    behind.filter(is_name).or_else(|| text(&label.parent()?, MAX_BYLINE_CHARS, Gaps::All))
}

/// Returns true if the words right before the element say that the person only checked the article.
fn is_of_checker(node: &NodeRef<'_>) -> bool {
    let words = node.prev_sibling().and_then(|before| match before.is_text() {
        true => Some(before.text().to_string()),
        false => text(&before, MAX_BYLINE_CHARS, Gaps::All),
    });
    let words = words.unwrap_or_default().to_lowercase();
    let words = words.trim_end_matches([' ', ':', '\n']);
    let start = words.char_indices().rev().nth(MAX_LABEL_CHARS).map_or(0, |found| found.0);
    let end = &words[start..];
    CHECKED.iter().any(|word| end.contains(word)) && end.ends_with("by")
}

/// Returns true if the markup says that the element names or leads to the author.
pub(super) fn is_of_author(element: &Element) -> bool {
    declared_byline(element).is_some() || is_author_link(element)
}

fn is_label(text: &str) -> bool {
    let text = text.trim_end_matches(':');
    ["author", "authors", "contributors"].iter().any(|word| word.eq_ignore_ascii_case(text))
        || BYLINE_STARTS
            .iter()
            .any(|start| start.trim_end_matches([' ', ':']).eq_ignore_ascii_case(text))
}

/// Returns true if the element links to what looks like an author's page.
fn is_author_link(element: &Element) -> bool {
    let folders = [
        "/author/",
        "/authors/",
        "/autor/",
        "/autoren/",
        "/auteur/",
        "/auteurs/",
        "/autore/",
        "/autori/",
        "/writers/",
        "/contributors/",
        "/contributor/",
        "/journalists/",
        "/staff/",
        "/people/",
        "/profile/",
        "/profiles/",
        "/experts/",
        "/our-experts/",
        "/our-people/",
        "/reporters/",
        "/byline/",
    ];
    &*element.name.local == "a"
        && attr(element, "href")
            .is_some_and(|href| folders.iter().any(|folder| contains_folded(href, folder)))
}

fn declared_byline(element: &Element) -> Option<Sureness> {
    let has = |name: &str, word: &str| {
        attr(element, name).is_some_and(|value| {
            value.split_ascii_whitespace().any(|each| each.eq_ignore_ascii_case(word))
        })
    };
    if has("rel", "author") || has("itemprop", "author") || attr(element, "name") == Some("author")
    {
        return Some(Sureness::Named);
    }
    ["class", "id", "data-testid", "data-qa", "data-component"]
        .iter()
        .filter_map(|name| attr(element, name))
        .filter_map(byline_class)
        .max()
}

fn byline_class(class: &str) -> Option<Sureness> {
    let has_author = ["author", "byline", "autor", "auteur", "writer"]
        .iter()
        .any(|part| contains_folded(class, part));
    if !has_author {
        return None;
    }
    let class = class.to_ascii_lowercase();
    let is_named = class.contains("author") && class.contains("name");
    let never = ["avatar", "image", "img", "photo", "social", "icon", "count"];
    let other = ["bio", "box", "desc", "role", "job-", "job_", "jobtitle", "position", "title"];
    if never.iter().any(|part| class.contains(part))
        || !is_named && other.iter().any(|part| class.contains(part))
    {
        return None;
    }
    Some(match class.contains("byline") {
        _ if is_named => Sureness::Named,
        true => Sureness::Byline,
        false => Sureness::Class,
    })
}

/// Returns true if the element begins with a text that may start a byline, such as "By".
fn may_start_byline(node: &NodeRef<'_>, element: &Element) -> bool {
    if !matches!(
        element.name.local.as_ref(),
        "p" | "div"
            | "span"
            | "address"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "li"
            | "em"
            | "strong"
            | "small"
            | "a"
    ) {
        return false;
    }
    let is_details = attr(element, "class").is_some_and(|class| {
        ["meta", "submitted", "dateline"].iter().any(|part| contains_folded(class, part))
    });
    let children =
        node.children_it(false).filter(|child| child.is_element() || child.is_nonempty_text());
    let mut texts = children.take(if is_details { 8 } else { 1 }).filter(NodeRef::is_text);
    texts.any(|text| starts_byline(&text.text()) || is_heading_of_author(element, &text.text()))
}

/// Returns true if a text begins with words before an author.
fn starts_byline(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let start: Vec<&str> = words.by_ref().take(MAX_LABEL_WORDS).collect();
    let start = start.join(" ")
        + if words.next().is_some() || text.ends_with(char::is_whitespace) { " " } else { "" };
    BYLINE_STARTS.iter().any(|label| {
        let head = start
            .get(..label.len())
            .or(Some(start.as_str()).filter(|_| start.len() + 1 == label.len()));
        head.is_some_and(|head| {
            head.eq_ignore_ascii_case(label) || head.eq_ignore_ascii_case(label.trim_end())
        })
    })
}

/// Returns true for a heading that only says that the author follows.
fn is_heading_of_author(element: &Element, text: &str) -> bool {
    matches!(element.name.local.as_ref(), "h2" | "h3" | "h4" | "h5" | "h6")
        && ["author", "authors", "contributors"]
            .iter()
            .any(|word| text.trim_end().eq_ignore_ascii_case(word))
}
