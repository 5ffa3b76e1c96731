//! A page as two flat lists: its block elements and its blocks of text, both in the page's order.
//! An element holds a contiguous run of blocks, so a sum over any element is the difference of two
//! prefix sums.

use std::ops::Range;

use dom_query::{Document, Element as HtmlElement};

use super::label::Label;
use crate::deadline::{Deadline, TimeIsUp};

mod build;

use build::Builder;

/// The kind of a block element, as far as the main text depends on it.
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
    /// The index of the first element after those that stand in this one.
    pub(super) end: usize,
    /// The range of the blocks of text that stand in the element.
    pub(super) blocks: Range<usize>,
    pub(super) label: Label,
    /// The number of list items that stand directly in the element. For an item, its own number.
    pub(super) items: usize,
    /// A hash of tag and class. Similar elements have the same.
    pub(super) shape: u64,
}

/// A piece of text between two borders of block elements, or between blank lines made of `<br>`.
#[derive(Debug)]
pub(super) struct Block {
    /// The innermost block element around the block.
    pub(super) element: usize,
    /// The range in [`Outline::text`]. One space separates words, and a line break separates lines.
    pub(super) text: Range<usize>,
    /// The range in [`Outline::links`].
    pub(super) links: Range<usize>,
    /// The number of characters. An ideograph counts for three.
    pub(super) chars: usize,
    /// The number of these characters that stand in links.
    pub(super) link_chars: usize,
}

/// A link within a block.
#[derive(Debug)]
pub(super) struct Link {
    /// The range in [`Outline::text`].
    pub(super) text: Range<usize>,
    pub(super) href: String,
}

#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) elements: Vec<Element>,
    pub(super) blocks: Vec<Block>,
    pub(super) links: Vec<Link>,
    pub(super) text: String,
    /// The last element that was opened before each time, in the page's order.
    pub(super) times: Vec<usize>,
    /// The last element that was opened before each control that answers a comment.
    pub(super) replies: Vec<usize>,
    /// The numbers of characters, and of those in links, before each block.
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

    /// Returns the number of characters in an element.
    pub(super) fn chars(&self, element: &Element) -> usize {
        self.before[element.blocks.end].0 - self.before[element.blocks.start].0
    }

    /// Returns the number of characters in an element that stand in links.
    pub(super) fn link_chars(&self, element: &Element) -> usize {
        self.before[element.blocks.end].1 - self.before[element.blocks.start].1
    }

    pub(super) fn text_of(&self, block: &Block) -> &str {
        &self.text[block.text.clone()]
    }

    /// Returns the elements that stand directly in `element`.
    pub(super) fn children(&self, element: usize) -> impl Iterator<Item = usize> {
        let end = self.elements[element].end;
        let mut next = element + 1;
        std::iter::from_fn(move || {
            let this = next;
            next = self.elements.get(this).filter(|_| this < end)?.end;
            Some(this)
        })
    }

    /// Returns true if one of `places` stands in `element`. `places` are in ascending order.
    pub(super) fn has(&self, places: &[usize], element: usize) -> bool {
        let first = places.partition_point(|place| *place < element);
        places.get(first).is_some_and(|place| *place < self.elements[element].end)
    }

    /// Returns `element` and the elements around it, the innermost first.
    pub(super) fn around(&self, element: usize) -> impl Iterator<Item = usize> {
        let mut next = Some(element);
        std::iter::from_fn(move || {
            let this = next?;
            next = (this != 0).then(|| self.elements[this].parent);
            Some(this)
        })
    }

    /// Returns the kind of a block. It is that of the innermost element that is more than a
    /// division.
    pub(super) fn tag_of(&self, block: &Block) -> Tag {
        let tags = self.around(block.element).map(|element| self.elements[element].tag);
        tags.take(4)
            .find(|tag| !matches!(tag, Tag::Division | Tag::Section))
            .unwrap_or(Tag::Division)
    }
}

/// Returns the weight of a character. An ideograph or kana says about as much as three letters.
pub(super) fn weight(c: char) -> usize {
    if matches!(c, '\u{2e80}'..='\u{d7ff}') { 3 } else { 1 }
}

pub(super) fn attribute<'a>(element: &'a HtmlElement, name: &str) -> Option<&'a str> {
    let found = element.attrs.iter().find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| attribute.value.as_ref())
}
