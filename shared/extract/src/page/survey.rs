//! Keeps, in one walk over the tree, every element that may say something about the page. Later
//! questions look here, and not at the tree again.

use dom_query::{Document, Element, NodeRef};
use serde_json::Value;

use super::element::{Place, attr};
use super::microdata::Microdata;
use super::shown::{self, Heading};
use super::shown_byline::Byline;
use super::shown_date::ShownDate;
use crate::deadline::{Deadline, TimeIsUp};

const MAX_ELEMENTS: usize = 200_000;
const MAX_META: usize = 1000;
const MAX_SCRIPTS: usize = 32;
/// The most bytes of all JSON-LD on a page. A page's articles are far shorter.
const MAX_SCRIPT_BYTES: usize = 2 * 1024 * 1024;
const MAX_HEADINGS: usize = 50;
const MAX_SHOWN: usize = 200;
const MAX_TITLE_CHARS: usize = 1000;
const MAX_ALT_BYTES: usize = 120;
/// The fewest characters of a paragraph of prose. A shorter one may be a byline, a date or a
/// caption.
const MIN_PROSE_CHARS: usize = 120;

/// The statements of a page about itself, as they are written.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) meta: Meta,
    /// The contents of the JSON-LD scripts.
    pub(super) json_ld: Vec<String>,
    /// The outermost microdata items, in the form of JSON-LD.
    pub(super) microdata: Vec<Value>,
    /// The `lang` of the document.
    pub(super) language: Option<String>,
    pub(super) canonical: Option<String>,
    /// The text of the `title` element.
    pub(super) title: Option<String>,
    /// The `h1` elements in the page's order, without those of margins.
    pub(super) headings: Vec<Heading>,
    /// The `h2` elements in the page's order.
    pub(super) subheadings: Vec<Heading>,
    /// The numbers of the `nav` elements.
    pub(super) navigation: Vec<usize>,
    /// The number of the first paragraph of prose after the first headline.
    pub(super) prose: Option<usize>,
    pub(super) bylines: Vec<Byline>,
    /// Texts below a headline that may be names of people.
    pub(super) names: Vec<Byline>,
    /// The descriptions of pictures.
    pub(super) pictures: Vec<String>,
    pub(super) dates: Vec<ShownDate>,
    /// True if AMP's markup reserves a part for subscribers.
    pub(super) is_for_subscribers: bool,
}

impl Survey {
    pub(super) fn read(document: &Document, deadline: &Deadline<'_>) -> Result<Self, TimeIsUp> {
        let mut survey = Self::default();
        let mut microdata = Microdata::default();
        let (mut depth, mut count) = (0_usize, 0_usize);
        // The depths of the current margin and of the current part by others.
        let (mut margin, mut others): (Option<usize>, Option<usize>) = (None, None);
        let (mut articles, mut heads) = (Enclosing::default(), Enclosing::default());
        let mut next = Some(document.root());
        while let Some(node) = next.filter(|_| count < MAX_ELEMENTS) {
            deadline.step()?;
            microdata.leave(depth);
            margin = margin.filter(|start| *start < depth);
            others = others.filter(|start| *start < depth);
            articles.leave(depth);
            heads.leave(depth);
            if let Some(element) = node.element_ref() {
                count += 1;
                let is_margin = margin.is_none() && shown::is_margin(&element);
                margin = margin.or(is_margin.then_some(depth));
                let is_of_others = others.is_none() && shown::is_of_others(&element);
                others = others.or(is_of_others.then_some(depth));
                let (is_margin, is_of_others) = (margin.is_some(), others.is_some());
                if !is_of_others {
                    microdata.enter(&node, &element, depth);
                }
                articles.enter(depth, count, &*element.name.local == "article");
                heads.enter(depth, count, is_head(&element));
                let (article, head) = (articles.innermost(), heads.outermost());
                let place = Place { at: count, is_margin, is_of_others, article, head };
                survey.note(&node, &element, place);
            }
            next = following(node, &mut depth);
        }
        survey.microdata = microdata.items();
        Ok(survey)
    }

    fn note(&mut self, node: &NodeRef<'_>, element: &Element, place: Place) {
        match element.name.local.as_ref() {
            "meta" => self.meta.note(element),
            "link" => self.note_link(element),
            "html" => {
                let language = attr(element, "lang").or_else(|| attr(element, "xml:lang"));
                self.language = language.map(str::to_owned);
            }
            "title" if self.title.is_none() => {
                self.title = shown::text(node, MAX_TITLE_CHARS, shown::Gaps::Blocks);
            }
            "script" => self.note_script(node, element),
            "h1" if self.headings.len() < MAX_HEADINGS => {
                self.headings.extend(Heading::read(node, place));
            }
            "h2" if self.subheadings.len() < MAX_HEADINGS => {
                self.subheadings.extend(Heading::read(node, place));
                self.note_shown(node, element, place);
            }
            "img" if self.pictures.len() < MAX_SHOWN => {
                let described = attr(element, "alt").filter(|text| text.len() <= MAX_ALT_BYTES);
                self.pictures.extend(described.map(str::to_owned));
            }
            "nav" if self.navigation.len() < MAX_HEADINGS => self.navigation.push(place.at),
            _ => self.note_shown(node, element, place),
        }
    }

    fn note_link(&mut self, element: &Element) {
        let is_canonical = attr(element, "rel").is_some_and(|rel| {
            rel.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("canonical"))
        });
        if is_canonical && self.canonical.is_none() {
            self.canonical = attr(element, "href").map(str::to_owned);
        }
    }

    fn note_script(&mut self, node: &NodeRef<'_>, element: &Element) {
        let is_json_ld =
            attr(element, "type").is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"));
        if is_json_ld && self.json_ld.len() < MAX_SCRIPTS {
            let text = node.text();
            let taken: usize = self.json_ld.iter().map(String::len).sum();
            if taken + text.len() <= MAX_SCRIPT_BYTES {
                self.json_ld.push(text.to_string());
            }
        }
    }

    fn note_shown(&mut self, node: &NodeRef<'_>, element: &Element, place: Place) {
        self.is_for_subscribers |= attr(element, "amp-access-hide").is_some()
            || attr(element, "subscriptions-section") == Some("content");
        if self.prose.is_none() && !self.headings.is_empty() && is_prose(node, element) {
            self.prose = Some(place.at);
        }
        if self.bylines.len() < MAX_SHOWN {
            self.bylines.extend(Byline::read(node, element, place));
        }
        if self.names.len() < MAX_SHOWN && !self.headings.is_empty() {
            self.names.extend(Byline::read_name(node, place));
        }
        if self.dates.len() < MAX_SHOWN {
            self.dates.extend(ShownDate::read(node, element, place));
        }
    }
}

/// The open elements of one kind, the outermost first, each by its depth and number.
#[derive(Default)]
struct Enclosing(Vec<(usize, usize)>);

impl Enclosing {
    fn leave(&mut self, depth: usize) {
        while self.0.pop_if(|open| open.0 >= depth).is_some() {}
    }

    fn enter(&mut self, depth: usize, number: usize, is_of_kind: bool) {
        if is_of_kind {
            self.0.push((depth, number));
        }
    }

    fn innermost(&self) -> Option<usize> {
        self.0.last().map(|open| open.1)
    }

    fn outermost(&self) -> Option<usize> {
        self.0.first().map(|open| open.1)
    }
}

/// Returns true if the element is the head of a page or of an article.
fn is_head(element: &Element) -> bool {
    &*element.name.local == "header"
        || attr(element, "role") == Some("banner")
        || ["masthead", "topbar", "top-bar", "site-header", "siteheader"].iter().any(|part| {
            attr(element, "class").is_some_and(|class| shown::contains_folded(class, part))
        })
}

/// Returns true if the element is a paragraph that only running text has.
fn is_prose(node: &NodeRef<'_>, element: &Element) -> bool {
    &*element.name.local == "p"
        && node.text().chars().take(MIN_PROSE_CHARS).count() == MIN_PROSE_CHARS
}

/// Returns the next node in the document's order, and adjusts `depth`.
fn following<'a>(node: NodeRef<'a>, depth: &mut usize) -> Option<NodeRef<'a>> {
    if let Some(child) = node.first_child() {
        *depth += 1;
        return Some(child);
    }
    let mut node = node;
    loop {
        if let Some(sibling) = node.next_sibling() {
            return Some(sibling);
        }
        node = node.parent()?;
        *depth = depth.checked_sub(1)?;
    }
}

/// The meta elements: `property`, `name`, `itemprop` or `http-equiv` in lower case, and the
/// content.
#[derive(Debug, Default)]
pub(super) struct Meta(Vec<(String, String)>);

impl Meta {
    fn note(&mut self, element: &Element) {
        let Some(content) = attr(element, "content").map(str::trim) else { return };
        if content.is_empty() || self.0.len() >= MAX_META {
            return;
        }
        for key in ["property", "name", "itemprop", "http-equiv"] {
            if let Some(name) = attr(element, key) {
                self.0.push((name.trim().to_lowercase(), content.to_owned()));
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |field| field.0 == name).map(|field| field.1.as_str())
    }

    /// Returns the contents of the fields whose names are accepted.
    pub(super) fn named(&self, is_accepted: fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |field| is_accepted(&field.0)).map(|field| field.1.as_str())
    }

    /// Returns the contents of the fields in `names`, in the order of `names`.
    pub(super) fn any<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        names.iter().flat_map(|name| self.all(name))
    }
}
