//! Lays the tree out flat in one walk.

use dom_query::{Element as HtmlElement, NodeData, NodeRef};

use super::super::label::{self, Label, Names};
use super::super::{hidden, phrases};
use super::{Block, Element, Link, Outline, Tag, attribute, weight};
use crate::deadline::{Deadline, TimeIsUp};

/// The most elements that are read. The rest is no article's text.
const MAX_ELEMENTS: usize = 200_000;
/// The most bytes of text that are read.
const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;
/// The limits on a hidden piece of a line. A piece with more nodes or text may be the article.
const MAX_REPLY_NODES: usize = 4;
const MAX_ASIDE_NODES: usize = 20;
const MAX_ASIDE_BYTES: usize = 200;

/// Reads a page's tree into an outline.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) outline: Outline,
    /// The block elements that are still open.
    open: Vec<usize>,
    in_links: usize,
    in_preformatted: usize,
    /// The start of the current block: `start` in the text, `first_link` in the links.
    start: usize,
    first_link: usize,
    chars: usize,
    link_chars: usize,
    names: Names,
}

/// The way an element is read.
enum Reading {
    Skipped,
    Break,
    Link,
    Inline,
    Block(Tag),
}

impl Builder {
    /// Walks the tree without recursion, at any depth.
    pub(super) fn walk(
        &mut self,
        root: NodeRef<'_>,
        deadline: &Deadline<'_>,
    ) -> Result<(), TimeIsUp> {
        self.open_block(Tag::Division, Label::default(), 0);
        let mut ends: Vec<(NodeRef<'_>, End)> = vec![(root, End::None)];
        let mut next = root.first_child();
        while let Some((parent, _)) = ends.last().copied() {
            deadline.step()?;
            let Some(node) = next else {
                let (left, end) = ends.pop().unwrap_or((parent, End::None));
                self.leave(&end);
                next = left.next_sibling().filter(|_| !ends.is_empty());
                continue;
            };
            match self.enter(&node) {
                Some(end) => {
                    ends.push((node, end));
                    next = node.first_child();
                }
                None => next = node.next_sibling(),
            }
        }
        self.close_block();
        Ok(())
    }

    /// Enters a node. Returns `None` if nothing below it is read.
    fn enter(&mut self, node: &NodeRef<'_>) -> Option<End> {
        if self.outline.elements.len() >= MAX_ELEMENTS || self.outline.text.len() >= MAX_TEXT_BYTES
        {
            return None;
        }
        node.query(|tree_node| match &tree_node.data {
            NodeData::Text { contents } => {
                self.text(contents);
                None
            }
            NodeData::Element(element) => self.enter_element(node, element),
            _ => None,
        })?
    }

    fn enter_element(&mut self, node: &NodeRef<'_>, element: &HtmlElement) -> Option<End> {
        let mut label = label::of(element, &mut self.names);
        if label.hidden && hidden::is_phrase(element) {
            match short_text(node) {
                Some(text) if !is_initial(&text) => return None,
                text => label.hidden = text.is_none(),
            }
        }
        self.note_place(node, element);
        match reading(element, label) {
            Reading::Skipped => None,
            Reading::Break => {
                self.line_break();
                None
            }
            Reading::Inline => Some(End::None),
            Reading::Link => {
                self.in_links += 1;
                let href = attribute(element, "href").unwrap_or_default();
                self.outline.links.push(Link {
                    text: self.outline.text.len()..self.outline.text.len(),
                    href: href.trim().to_owned(),
                });
                Some(End::Link(self.outline.links.len() - 1))
            }
            Reading::Block(tag) => {
                self.open_block(tag, label, shape(element));
                self.in_preformatted += usize::from(tag == Tag::Preformatted);
                Some(End::Block)
            }
        }
    }

    /// Notes the places of times and of controls that answer a comment.
    fn note_place(&mut self, node: &NodeRef<'_>, element: &HtmlElement) {
        let place = self.outline.elements.len().saturating_sub(1);
        match &*element.name.local {
            "time" | "relative-time" | "time-ago" => self.outline.times.push(place),
            "button" | "a" if is_reply(node) => {
                self.outline.replies.push(place);
            }
            _ => {}
        }
    }

    fn leave(&mut self, end: &End) {
        match end {
            End::None => {}
            End::Link(link) => {
                self.in_links -= 1;
                self.outline.links[*link].text.end = self.outline.text.len();
            }
            End::Block => self.close_block(),
        }
    }

    fn open_block(&mut self, tag: Tag, label: Label, shape: u64) {
        self.end_text();
        let parent = self.open.last().copied().unwrap_or(0);
        self.open.push(self.outline.elements.len());
        let blocks = self.outline.blocks.len()..self.outline.blocks.len();
        let mut items = 0;
        if tag == Tag::Item
            && let Some(list) = self.outline.elements.get_mut(parent)
        {
            list.items += 1;
            items = list.items;
        }
        self.outline.elements.push(Element { tag, parent, end: 0, blocks, label, items, shape });
    }

    fn close_block(&mut self) {
        self.end_text();
        let Some(element) = self.open.pop() else { return };
        let (end, last_block) = (self.outline.elements.len(), self.outline.blocks.len());
        let element = &mut self.outline.elements[element];
        element.end = end;
        element.blocks.end = last_block;
        self.in_preformatted -= usize::from(element.tag == Tag::Preformatted);
    }

    fn text(&mut self, contents: &str) {
        for c in contents.chars() {
            if c.is_whitespace() {
                if self.in_preformatted > 0 && c == '\n' {
                    self.outline.text.push('\n');
                } else if self.outline.text.len() > self.start && !self.ends_in_space() {
                    self.outline.text.push(' ');
                }
                continue;
            }
            if is_invisible(c) {
                continue;
            }
            self.outline.text.push(c);
            let weight = weight(c);
            self.chars += weight;
            self.link_chars += if self.in_links > 0 { weight } else { 0 };
        }
    }

    fn ends_in_space(&self) -> bool {
        self.outline.text.ends_with([' ', '\n'])
    }

    /// Adds a line break. One break ends a line, and two end a paragraph.
    fn line_break(&mut self) {
        while self.outline.text.len() > self.start && self.outline.text.ends_with(' ') {
            self.outline.text.pop();
        }
        if self.outline.text.len() > self.start {
            if self.outline.text.ends_with('\n') {
                self.end_text();
            } else {
                self.outline.text.push('\n');
            }
        }
    }

    fn end_text(&mut self) {
        let trimmed = self.outline.text[self.start..].trim_end().len();
        self.outline.text.truncate(self.start + trimmed);
        if self.chars > 0
            && let Some(&element) = self.open.last()
        {
            self.outline.blocks.push(Block {
                element,
                text: self.start..self.start + trimmed,
                links: self.first_link..self.outline.links.len(),
                chars: self.chars,
                link_chars: self.link_chars,
            });
        }
        self.start = self.outline.text.len();
        self.first_link = self.outline.links.len();
        (self.chars, self.link_chars) = (0, 0);
    }
}

/// Returns true for soft hyphens and other marks that only break lines. The joiners of Persian and
/// of Indic scripts are part of a word.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Returns true for a single letter: the start of a word, drawn apart.
fn is_initial(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().nth(1).is_none()
}

/// Returns true for a button or a link that holds only a text such as "Reply".
fn is_reply(node: &NodeRef<'_>) -> bool {
    let texts = node.descendants_it().take(MAX_REPLY_NODES).filter(NodeRef::is_text);
    let mut texts = texts.map(|text| text.text());
    texts.find(|text| !text.trim().is_empty()).is_some_and(|text| phrases::is_reply(text.trim()))
}

/// Returns the text of an element with few nodes and at most [`MAX_ASIDE_BYTES`].
fn short_text(node: &NodeRef<'_>) -> Option<String> {
    let mut text = String::new();
    for (count, inner) in node.descendants_it().enumerate() {
        if inner.is_text() {
            text.push_str(&inner.text());
        }
        if count >= MAX_ASIDE_NODES || text.len() > MAX_ASIDE_BYTES {
            return None;
        }
    }
    Some(text.trim().to_owned())
}

#[derive(Clone, Copy)]
enum End {
    None,
    Link(usize),
    Block,
}

fn reading(element: &HtmlElement, label: Label) -> Reading {
    let tag = match &*element.name.local {
        "script" | "style" | "template" | "svg" | "math" | "iframe" | "head" | "object"
        | "audio" | "video" | "canvas" | "button" | "input" | "select" | "textarea" | "img"
        | "picture" | "map" | "dialog" | "link" | "meta" | "title" => {
            return Reading::Skipped;
        }
        _ if label.unseen => return Reading::Skipped,
        "br" => return Reading::Break,
        "a" => return Reading::Link,
        "p" | "dd" => Tag::Paragraph,
        "h1" => Tag::Heading(1),
        "h2" => Tag::Heading(2),
        "h3" => Tag::Heading(3),
        "h4" => Tag::Heading(4),
        "h5" => Tag::Heading(5),
        "h6" | "dt" => Tag::Heading(6),
        "article" => Tag::Article,
        "main" => Tag::Main,
        "section" | "details" | "amp-live-list" => Tag::Section,
        "header" | "hgroup" => Tag::Header,
        "blockquote" | "q-block" => Tag::Quote,
        "pre" => Tag::Preformatted,
        "ul" | "menu" | "dir" => Tag::List { ordered: false },
        "ol" => Tag::List { ordered: true },
        "li" => Tag::Item,
        "table" => Tag::Table,
        "tr" => Tag::Row,
        "td" | "th" => Tag::Cell,
        "figure" => Tag::Figure,
        "figcaption" | "amp-fit-text" => Tag::Caption,
        "aside" => Tag::Aside,
        "nav" => Tag::Navigation,
        "footer" => Tag::Footer,
        "form" | "fieldset" => Tag::Form,
        "html" | "body" | "div" | "center" | "dl" | "tbody" | "thead" | "tfoot" | "address"
        | "hr" | "noscript" | "caption" | "summary" | "label" => Tag::Division,
        // Custom elements hold whole pages in some frameworks.
        name if name.contains('-') => Tag::Division,
        // It is marked as a block of its own, so that it can be left out alone.
        _ if label.boilerplate || label.body || label.hidden => Tag::Division,
        _ => return Reading::Inline,
    };
    Reading::Block(tag)
}

/// Hashes tag and class by FNV-1a.
fn shape(element: &HtmlElement) -> u64 {
    let class = attribute(element, "class").unwrap_or_default();
    let bytes = element.name.local.bytes().chain([b' ']).chain(class.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
