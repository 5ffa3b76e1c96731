//! Facts about the text of a page, for the verdict on the page's kind.

use std::collections::HashMap;

use super::outline::{Block, Outline, Tag};

/// The fewest characters of a paragraph of an article.
const LONG_CHARS: usize = 140;
/// The fewest characters of prose in a container that may be a post in a thread.
const POST_CHARS: usize = 40;
const CURRENCIES: [char; 5] = ['$', '€', '£', '¥', '₹'];

/// Counts and shares. They are over the main text unless stated otherwise.
#[derive(Debug, Default)]
pub(in crate::page) struct Facts {
    /// The main text's share of the page's text, without text by others.
    pub(in crate::page) share_of_page: f64,
    pub(in crate::page) share_in_long: f64,
    pub(in crate::page) share_in_lists: f64,
    pub(in crate::page) share_in_code: f64,
    /// The number of long blocks of text.
    pub(in crate::page) paragraphs: usize,
    pub(in crate::page) headings: usize,
    /// The number of short blocks with an amount of money, in the whole page.
    pub(in crate::page) prices: usize,
    /// The greatest number of elements of one shape with their own text, in the whole page: the
    /// posts of a thread or the items of a listing.
    pub(in crate::page) alike: usize,
    pub(in crate::page) has_comments: bool,
    /// True if the page has a cart for its subject.
    pub(in crate::page) is_for_sale: bool,
    /// The numbers of blocks in the main text and in the whole page.
    pub(in crate::page) kept: usize,
    pub(in crate::page) blocks: usize,
    /// The share of the page's text that stands in links.
    pub(in crate::page) page_links: f64,
    /// The numbers of times, and of controls that answer a comment, in the whole page.
    pub(in crate::page) times: usize,
    pub(in crate::page) replies: usize,
    /// The number of blocks that end in a question mark.
    pub(in crate::page) questions: usize,
}

impl Facts {
    pub(super) fn of(outline: &Outline, kept: &[usize]) -> Self {
        let all = own_chars(outline);
        let chars: usize = kept.iter().map(|index| outline.blocks[*index].chars).sum();
        let mut facts = Self {
            share_of_page: share(chars, all),
            prices: prices(outline),
            alike: alike(outline),
            has_comments: outline.elements.iter().any(|element| element.label.comments),
            kept: kept.len(),
            blocks: outline.blocks.len(),
            page_links: page_links(outline),
            times: outline.times.len(),
            replies: outline.replies.len(),
            is_for_sale: outline.elements.iter().any(|element| element.label.for_sale),
            ..Self::default()
        };
        let (mut long, mut lists, mut code) = (0, 0, 0);
        for index in kept {
            let block = &outline.blocks[*index];
            facts.questions += usize::from(outline.text_of(block).ends_with(['?', '？']));
            match outline.tag_of(block) {
                Tag::Heading(_) => facts.headings += 1,
                Tag::Item | Tag::Cell => lists += block.chars,
                Tag::Preformatted => code += block.chars,
                _ if block.chars >= LONG_CHARS => {
                    facts.paragraphs += 1;
                    long += block.chars;
                }
                _ => {}
            }
        }
        facts.share_in_long = share(long, chars);
        facts.share_in_lists = share(lists, chars);
        facts.share_in_code = share(code, chars);
        facts
    }
}

/// Returns the number of characters of the page, without other articles and comments.
fn own_chars(outline: &Outline) -> usize {
    let mut chars: usize = outline.blocks.iter().map(|block| block.chars).sum();
    let mut behind = 0;
    for (index, element) in outline.elements.iter().enumerate() {
        if element.label.others && index >= behind {
            chars -= outline.chars(element);
            behind = element.end;
        }
    }
    chars
}

fn page_links(outline: &Outline) -> f64 {
    let sum = |of: fn(&Block) -> usize| outline.blocks.iter().map(of).sum();
    share(sum(|block| block.link_chars), sum(|block| block.chars))
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn prices(outline: &Outline) -> usize {
    let is_price = |text: &str| {
        text.len() < 40 && text.contains(CURRENCIES) && text.contains(|c: char| c.is_ascii_digit())
    };
    outline.blocks.iter().filter(|block| is_price(outline.text_of(block))).count()
}

fn alike(outline: &Outline) -> usize {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    let mut behind = 0;
    for (index, element) in outline.elements.iter().enumerate() {
        behind = if element.label.others { behind.max(element.end) } else { behind };
        if index < behind {
            continue;
        }
        let is_container = matches!(
            element.tag,
            Tag::Division | Tag::Section | Tag::Article | Tag::Item | Tag::Row
        );
        let blocks = &outline.blocks[element.blocks.clone()];
        if is_container && blocks.len() > 1 && blocks.iter().any(|block| block.chars > POST_CHARS) {
            *counts.entry(element.shape).or_default() += 1;
        }
    }
    counts.into_values().max().unwrap_or(0)
}
