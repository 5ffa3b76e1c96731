//! The dates that readers see on a page, and the signs of their meanings.

use dom_query::{Element, NodeData, NodeRef};

use super::element::{Place, attr};
use super::shown::{Gaps, contains_folded, text};
use super::shown_byline::is_of_author;

const MAX_DATE_CHARS: usize = 120;
/// The most elements around a date that may be the card of another article.
const MAX_CARD_DEPTH: usize = 4;
/// The most nodes of a card. A larger element holds more than the head of one article.
const MAX_CARD_NODES: usize = 120;
const MAX_CARD_TITLE_CHARS: usize = 300;
/// The fewest words of a link that is the headline of its target.
const MIN_CARD_TITLE_WORDS: usize = 4;
/// The same in characters, for scripts that do not separate words.
const MIN_CARD_TITLE_CHARS: usize = 10;
/// The most elements around a date that may be a paragraph.
const MAX_PARAGRAPH_DEPTH: usize = 4;
const MAX_PARAGRAPH_CHARS: usize = 400;
/// The fewest words in lower case that show prose around a date. A byline has fewer.
const MIN_PROSE_WORDS: usize = 5;
/// The same in characters, for scripts that do not separate words.
const MIN_PROSE_CHARS: usize = 40;

/// Parts of the class names of dates.
const DATE_CLASSES: [&str; 10] = [
    "date",
    "publish",
    "posted",
    "timestamp",
    "time",
    "datum",
    "fecha",
    "data-pub",
    "meta",
    "byline",
];

/// A text that may be a date, or hold one.
#[derive(Debug)]
pub(super) struct ShownDate {
    /// The value of `datetime` or `content`.
    pub(super) given: Option<String>,
    pub(super) text: String,
    pub(super) is_time: bool,
    /// True if only the text itself looks like a date.
    pub(super) is_plain: bool,
    /// True if the markup calls it the time of the last change.
    pub(super) is_modified: bool,
    /// True if the markup calls it the time of publishing.
    pub(super) is_published: bool,
    /// True if it stands in running text, a caption, a table or a form.
    pub(super) is_in_prose: bool,
    /// The headline next to the date, unless that is an `h1`.
    pub(super) card: Option<String>,
    pub(super) place: Place,
}

impl ShownDate {
    pub(super) fn read(node: &NodeRef<'_>, element: &Element, place: Place) -> Option<Self> {
        let is_time = &*element.name.local == "time";
        let property = attr(element, "itemprop").unwrap_or_default();
        let class = attr(element, "class").unwrap_or_default();
        let is_dated = is_time
            || contains_folded(property, "date")
            || DATE_CLASSES.iter().any(|part| contains_folded(class, part))
            || attr(element, "id").is_some_and(|id| contains_folded(id, "date"));
        let plain = if is_dated { None } else { Some(plain_date(node)?) };
        let named = |part: &str| contains_folded(property, part) || contains_folded(class, part);
        let given = attr(element, "datetime").or_else(|| attr(element, "content"));
        let text = text(node, MAX_DATE_CHARS, Gaps::All).filter(|text| has_number(text)).or(plain);
        let text = text.or_else(|| given.map(|_| String::new()))?;
        Some(Self {
            given: given.map(str::to_owned),
            is_in_prose: is_in_prose(node, &text),
            card: card(node),
            text,
            is_time,
            is_plain: !is_dated,
            is_modified: named("modified") || named("updated"),
            is_published: property.eq_ignore_ascii_case("datePublished")
                || named("publish")
                || attr(element, "pubdate").is_some(),
            place,
        })
    }
}

/// Returns a short text with a year that stands directly in the element.
fn plain_date(node: &NodeRef<'_>) -> Option<String> {
    node.children_it(false).take(8).filter(NodeRef::is_text).find_map(|child| {
        child.query_or(None, |inner| match &inner.data {
            NodeData::Text { contents } => {
                let text = contents.trim();
                let is_short = (8..=80).contains(&text.len());
                (is_short && has_year(text)).then(|| text.to_owned())
            }
            _ => None,
        })
    })
}

fn has_number(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

/// Returns true if the text has four digits in a row that may be a year of the web or of another
/// calendar.
fn has_year(text: &str) -> bool {
    let mut digits = 0;
    text.chars().chain([' ']).any(|c| {
        let is_year = !c.is_numeric() && digits == 4;
        digits = if c.is_numeric() { digits + 1 } else { 0 };
        is_year
    })
}

/// Returns true if the date is part of running text, or is a date of the article's subject by its
/// place.
fn is_in_prose(node: &NodeRef<'_>, date: &str) -> bool {
    let around = || std::iter::once(*node).chain(node.ancestors_it(Some(MAX_PARAGRAPH_DEPTH)));
    let is_one_of =
        |around: &NodeRef<'_>, names: &[&str]| names.iter().any(|name| around.has_name(name));
    let subjects = ["figure", "figcaption", "caption", "blockquote", "form", "pre", "q"];
    around().any(|around| is_one_of(&around, &subjects) && !has_headline(&around))
        || around().find(|around| is_one_of(around, &["p", "li", "dd"])).is_some_and(|paragraph| {
            text(&paragraph, MAX_PARAGRAPH_CHARS, Gaps::All)
                .is_none_or(|text| is_prose(&text, date))
        })
}

/// Returns true if the article's headline stands in the element.
fn has_headline(node: &NodeRef<'_>) -> bool {
    node.descendants_it().take(MAX_CARD_NODES).any(|inner| inner.has_name("h1"))
}

/// Returns true if `text` has many words besides its date.
pub(super) fn is_prose(text: &str, date: &str) -> bool {
    let rest = text.replacen(date, " ", usize::from(date.len() < text.len()));
    let small = rest.split_whitespace().filter(|word| word.starts_with(char::is_lowercase)).count();
    small >= MIN_PROSE_WORDS || rest.chars().filter(is_caseless).count() >= MIN_PROSE_CHARS
}

/// Returns true for letters of scripts without case, which often do not separate words either.
fn is_caseless(c: &char) -> bool {
    c.is_alphabetic() && !c.is_lowercase() && !c.is_uppercase()
}

/// Returns the headline of the card around the date. A card is the head of another article in a
/// list.
fn card(node: &NodeRef<'_>) -> Option<String> {
    for around in node.ancestors_it(Some(MAX_CARD_DEPTH)) {
        let mut nodes = 0;
        let mut found = None;
        for inner in around.descendants_it().take(MAX_CARD_NODES) {
            nodes += 1;
            if inner.has_name("h1") {
                return None;
            }
            found = found.or_else(|| card_title(&inner));
        }
        if nodes == MAX_CARD_NODES {
            return None;
        }
        if found.is_some() {
            return found;
        }
    }
    None
}

fn card_title(node: &NodeRef<'_>) -> Option<String> {
    if node.element_ref().is_some_and(|element| is_of_author(&element)) {
        return None;
    }
    let is_heading = ["h2", "h3", "h4", "h5", "h6"].iter().any(|name| node.has_name(name));
    if !is_heading && !node.has_name("a") {
        return None;
    }
    let text = text(node, MAX_CARD_TITLE_CHARS, Gaps::Blocks)?;
    let is_long = text.split_whitespace().count() >= MIN_CARD_TITLE_WORDS
        || text.chars().filter(is_caseless).count() >= MIN_CARD_TITLE_CHARS;
    (is_heading || is_long).then_some(text)
}
