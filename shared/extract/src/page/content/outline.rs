//! A page as two flat lists: its block elements, and its blocks of text, both in
//! the page's order. An element holds a contiguous run of blocks, so that sums
//! over any element are differences of prefix sums.

use std::ops::Range;

use dom_query::{Document, Element as HtmlElement};

use super::label::Label;
use crate::deadline::{Deadline, TimeIsUp};

mod build;

use build::Builder;

/// The kind of a block element, as far as it matters for the main text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Division,
    Section,
    Article,
    Main,
    Header,
    Heading(u8),
    Paragraph,
    Quote,
    Preformatted,
    List { ordered: bool },
    Item,
    Table,
    Row,
    Cell,
    Figure,
    Caption,
    Aside,
    Navigation,
    Footer,
    Form,
}

/// A block element.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) tag: Tag,
    pub(super) parent: usize,
    /// The first element that does not stand in this one.
    pub(super) end: usize,
    /// The blocks of text that stand in it.
    pub(super) blocks: Range<usize>,
    pub(super) label: Label,
    /// Items of lists that stand directly in it; of an item, its own number.
    pub(super) items: usize,
    /// Stands for tag and class: elements alike have the same.
    pub(super) shape: u64,
}

/// A piece of text between two borders of block elements, or between blank lines
/// made of `<br>`.
#[derive(Debug)]
pub(super) struct Block {
    /// The innermost block element around it.
    pub(super) element: usize,
    /// In [`Outline::text`]; words apart by one space, lines by a line break.
    pub(super) text: Range<usize>,
    /// In [`Outline::links`].
    pub(super) links: Range<usize>,
    /// An ideograph counts for three.
    pub(super) chars: usize,
    /// Those of them that stand in links.
    pub(super) link_chars: usize,
}

/// A link within a block.
#[derive(Debug)]
pub(super) struct Link {
    /// In [`Outline::text`].
    pub(super) text: Range<usize>,
    pub(super) href: String,
}

#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) elements: Vec<Element>,
    pub(super) blocks: Vec<Block>,
    pub(super) links: Vec<Link>,
    pub(super) text: String,
    /// The last elements that open before times, in the page's order.
    pub(super) times: Vec<usize>,
    /// The same before controls that answer a comment.
    pub(super) replies: Vec<usize>,
    /// Characters, and those of them in links, before each block.
    before: Vec<(usize, usize)>,
}

impl Outline {
    pub(super) fn of(document: &Document, deadline: &Deadline<'_>) -> Result<Self, TimeIsUp> {
        let mut builder = Builder::default();
        builder.walk(document.root(), deadline)?;
        let mut outline = builder.outline;
        let mut sum = (0, 0);
        outline.before.push(sum);
        for block in &outline.blocks {
            sum = (sum.0 + block.chars, sum.1 + block.link_chars);
            outline.before.push(sum);
        }
        Ok(outline)
    }

    /// Returns the number of characters of all text in an element.
    pub(super) fn chars(&self, element: &Element) -> usize {
        self.before[element.blocks.end].0 - self.before[element.blocks.start].0
    }

    /// Returns the number of characters of all text in links in an element.
    pub(super) fn link_chars(&self, element: &Element) -> usize {
        self.before[element.blocks.end].1 - self.before[element.blocks.start].1
    }

    pub(super) fn text_of(&self, block: &Block) -> &str {
        &self.text[block.text.clone()]
    }

    /// The elements that stand directly in `element`.
    pub(super) fn children(&self, element: usize) -> impl Iterator<Item = usize> {
        let end = self.elements[element].end;
        let mut next = element + 1;
        std::iter::from_fn(move || {
            let this = next;
            next = self.elements.get(this).filter(|_| this < end)?.end;
            Some(this)
        })
    }

    /// Returns true if one of `places`, which are in order, stands in `element`.
    pub(super) fn has(&self, places: &[usize], element: usize) -> bool {
        let first = places.partition_point(|place| *place < element);
        places.get(first).is_some_and(|place| *place < self.elements[element].end)
    }

    /// The elements around `element`, itself first.
    pub(super) fn around(&self, element: usize) -> impl Iterator<Item = usize> {
        let mut next = Some(element);
        std::iter::from_fn(move || {
            let this = next?;
            next = (this != 0).then(|| self.elements[this].parent);
            Some(this)
        })
    }

    /// Returns the kind of a block: that of the innermost element that is more than a division.
    pub(super) fn tag_of(&self, block: &Block) -> Tag {
        let tags = self.around(block.element).map(|element| self.elements[element].tag);
        tags.take(4)
            .find(|tag| !matches!(tag, Tag::Division | Tag::Section))
            .unwrap_or(Tag::Division)
    }
}

/// Ideographs and kana say about as much as three letters.
pub(super) fn weight(c: char) -> usize {
    if matches!(c, '\u{2e80}'..='\u{d7ff}') { 3 } else { 1 }
}

pub(super) fn attribute<'a>(element: &'a HtmlElement, name: &str) -> Option<&'a str> {
    let found = element.attrs.iter().find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| attribute.value.as_ref())
}
