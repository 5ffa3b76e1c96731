//! Finds the parts of a page that others wrote, by their contents. They are articles that are
//! appended to the page's own, and comments in boxes without telling names.

use std::collections::HashMap;
use std::ops::Range;

use super::clean::is_title;
use super::outline::{Block, Outline, Tag};
use super::phrases;

/// The least prose of an article after its heading, in characters.
const MIN_PROSE_CHARS: usize = 140;
/// The fewest characters of a paragraph.
const MIN_PARAGRAPH_CHARS: usize = 70;
/// The fewest characters of an article that may stand before comments.
const MIN_ARTICLE_CHARS: usize = 300;
/// The most elements around the headline that may be an article.
const MAX_DEPTH: usize = 30;
/// The fewest similar elements that are comments: those that can be answered, then those with a
/// name and a time. Fewer may be posts of an article.
const MIN_REPLIES: usize = 2;
const MIN_SIGNED: usize = 3;
/// The most characters of a name. Longer blocks are not names.
const MAX_NAME_CHARS: usize = 40;
const MAX_NAME_WORDS: usize = 5;

/// Marks the elements that hold other articles or comments.
pub(super) fn mark(outline: &mut Outline, title: &str, is_live: bool) {
    let is_live = is_live || outline.elements.iter().any(|element| element.label.live);
    let headline = headline(outline, title);
    let mut found = comments(outline, headline.map_or(0, |(block, _)| block), is_live);
    if let Some((block, level)) = headline.filter(|_| !is_live) {
        found.extend(appended(outline, title, block, level));
    }
    for element in found {
        outline.elements[element].label.others = true;
    }
}

/// Returns the siblings of the article that have another headline of the same rank, with prose
/// under it. Articles that are appended on scrolling stand there.
fn appended(outline: &Outline, title: &str, own: usize, level: u8) -> Vec<usize> {
    let mut found = Vec::new();
    let mut is_article = false;
    for inner in outline.around(outline.blocks[own].element).take(MAX_DEPTH) {
        let element = &outline.elements[inner];
        is_article |= element.tag == Tag::Article;
        if inner == 0 || prose(outline, own..element.blocks.end) < MIN_PROSE_CHARS {
            continue;
        }
        let like = Like { inner, is_article, level, title };
        if like.other_headline(outline, own..element.blocks.end).is_some() {
            break; // headings of this rank stand within articles here
        }
        let siblings = outline.children(element.parent).filter(|sibling| *sibling != inner);
        found.extend(siblings.filter(|sibling| like.is_another(outline, *sibling)));
    }
    found
}

/// Returns the block with the page's title and the highest rank, and its rank.
fn headline(outline: &Outline, title: &str) -> Option<(usize, u8)> {
    let level_of = |block: &Block| match outline.tag_of(block) {
        Tag::Heading(level) => Some(level),
        _ => None,
    };
    let headings = outline.blocks.iter().enumerate().filter_map(|(index, block)| {
        Some((index, level_of(block)?)).filter(|_| is_title(outline.text_of(block), title))
    });
    headings.min_by_key(|(_, level)| *level)
}

/// An article to which others are compared.
struct Like<'a> {
    inner: usize,
    is_article: bool,
    level: u8,
    title: &'a str,
}

impl Like<'_> {
    fn is_another(&self, outline: &Outline, sibling: usize) -> bool {
        let (one, other) = (&outline.elements[self.inner], &outline.elements[sibling]);
        let articles = || (sibling..other.end).any(|at| outline.elements[at].tag == Tag::Article);
        let is_alike = one.shape == other.shape || self.is_article && articles();
        if !is_alike {
            return false;
        }
        self.other_headline(outline, other.blocks.clone()).is_some_and(|index| {
            let block = &outline.blocks[index];
            (self.level == 1 || self.is_article || block.link_chars * 10 > block.chars * 9)
                && prose(outline, index..other.blocks.end) >= MIN_PROSE_CHARS
        })
    }

    /// Returns the first heading of the article's rank that does not repeat its title.
    fn other_headline(&self, outline: &Outline, mut blocks: Range<usize>) -> Option<usize> {
        blocks.find(|index| {
            let block = &outline.blocks[*index];
            matches!(outline.tag_of(block), Tag::Heading(level) if level <= self.level)
                && !is_title(outline.text_of(block), self.title)
        })
    }
}

/// Returns the number of characters in paragraphs.
fn prose(outline: &Outline, blocks: Range<usize>) -> usize {
    let blocks = outline.blocks[blocks]
        .iter()
        .filter(|block| block.chars >= MIN_PARAGRAPH_CHARS && block.link_chars * 2 < block.chars);
    blocks.map(|block| block.chars).sum()
}

/// Returns the elements that hold comments after the text of an article. Comments are similar
/// elements that can be answered, or that have a name, a time and prose. An element that holds
/// little else stands for all of its comments.
fn comments(outline: &Outline, headline: usize, is_live: bool) -> Vec<usize> {
    let mut found = Vec::new();
    let mut behind = 0;
    let Some(article_end) = article_end(outline, headline) else { return found };
    for parent in 0..outline.elements.len() {
        if parent < behind {
            continue;
        }
        let element = &outline.elements[parent];
        if element.label.comments && element.blocks.start >= article_end {
            found.push(parent);
            behind = element.end;
            continue;
        }
        let series = series(outline, parent, is_live);
        let Some(first) = series.first() else { continue };
        let start = outline.elements[*first].blocks.start;
        if start < article_end || is_thread(outline, parent, *first, headline) {
            continue;
        }
        if is_all_of(outline, parent, start) {
            found.push(parent);
            behind = outline.elements[parent].end;
        } else {
            found.extend(series);
        }
    }
    found
}

/// Returns true if the first of a series in `parent` answers a sibling, as in a forum: there the
/// post that opens a thread has the same form as its answers.
fn is_thread(outline: &Outline, parent: usize, first: usize, headline: usize) -> bool {
    let tag = outline.elements[first].tag;
    let before = outline.children(parent).take_while(|child| *child < first);
    before.filter(|child| outline.elements[*child].tag == tag).any(|child| {
        let blocks = outline.elements[child].blocks.clone();
        let is_post = outline.has(&outline.replies, child) || outline.has(&outline.times, child);
        is_post && !blocks.contains(&headline) && prose(outline, blocks) > 0
    })
}

/// Returns the block, counted from the headline, at which there is enough prose for an article.
fn article_end(outline: &Outline, headline: usize) -> Option<usize> {
    let mut sum = 0;
    (headline..outline.blocks.len()).find(|index| {
        sum += prose(outline, *index..index + 1);
        sum >= MIN_ARTICLE_CHARS
    })
}

/// Returns true if an element has only a few blocks before the series that starts at `start`, and
/// none of them is prose or an `h1`.
fn is_all_of(outline: &Outline, parent: usize, start: usize) -> bool {
    let before = outline.elements[parent].blocks.start..start;
    parent != 0
        && before.len() <= 4
        && prose(outline, before.clone()) == 0
        && !before.clone().any(|index| outline.tag_of(&outline.blocks[index]) == Tag::Heading(1))
}

/// Returns the children of an element that are comments.
fn series(outline: &Outline, parent: usize, is_live: bool) -> Vec<usize> {
    let (replies, times) = (&outline.replies, &outline.times);
    if !outline.has(replies, parent) && !outline.has(times, parent) {
        return Vec::new();
    }
    let mut answered: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut signed: HashMap<u64, Vec<usize>> = HashMap::new();
    for child in outline.children(parent) {
        let shape = outline.elements[child].shape;
        if outline.has(replies, child) {
            answered.entry(shape).or_default().push(child);
        } else if !is_live && is_signed(outline, child) {
            signed.entry(shape).or_default().push(child);
        }
    }
    let answered = answered.into_values().filter(|alike| alike.len() >= MIN_REPLIES);
    let signed = signed.into_values().filter(|alike| alike.len() >= MIN_SIGNED);
    let mut series: Vec<usize> = answered.chain(signed).flatten().collect();
    series.sort_unstable();
    series
}

/// Returns true if an element has a name, a time and a text, but no heading.
fn is_signed(outline: &Outline, element: usize) -> bool {
    let blocks = &outline.blocks[outline.elements[element].blocks.clone()];
    let is_heading = |block: &Block| matches!(outline.tag_of(block), Tag::Heading(_));
    blocks.len() >= 2
        && blocks.len() <= 12
        && outline.has(&outline.times, element)
        && blocks.iter().take(2).any(|block| is_name(outline.text_of(block)))
        && blocks.iter().any(|block| block.chars > MAX_NAME_CHARS)
        && !blocks.iter().any(is_heading)
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= MAX_NAME_CHARS
        && text.split(' ').count() <= MAX_NAME_WORDS
        && text.starts_with(char::is_alphabetic)
        && !text.ends_with(['.', ':', '!', '?'])
        && !phrases::opens_other(text)
}

#[cfg(test)]
mod tests;
