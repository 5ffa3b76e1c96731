//! Decides which blocks of the chosen elements belong to the article.

use std::collections::HashMap;
use std::ops::Range;

use super::choose::Choice;
use super::outline::{Block, Element, Outline, Tag};
use super::phrases;
use super::score::{Scores, ends_sentence};

/// The largest share of the chosen text that an element may have to be left out by its name.
const MAX_SHARE_BY_NAME: f64 = 0.4;
const MAX_SHARE_BY_LINKS: f64 = 0.3;
const MAX_LINK_SHARE: f64 = 0.6;
/// The longest block that is left out because it stands wholly in a link. Such blocks lead
/// elsewhere.
const MAX_TEASER_CHARS: usize = 160;
/// The longest block before the first paragraph that is left out as a byline, a date or a label.
const MAX_PREAMBLE_CHARS: usize = 60;
/// The shortest block that is left out if it is repeated.
const MIN_REPEATED_CHARS: usize = 60;
/// The most blocks before the chosen elements that are searched for a headline and a lead.
const MAX_LEAD_BLOCKS: usize = 12;
/// The least prose before a heading of comments for the heading to be believed.
const MIN_PROSE_BEFORE_COMMENTS: f64 = 300.0;
/// The fewest similar neighbours, each with a link and little text, that are teasers.
const MIN_CARDS: usize = 3;
const MAX_CARD_CHARS: usize = 300;

/// The indices of blocks, in the page's order.
#[derive(Debug, Default)]
pub(super) struct Cleaned {
    pub(super) kept: Vec<usize>,
    /// The blocks that belong to no article, such as comments, prompts and repeated text.
    pub(super) refused: Vec<usize>,
}

/// Returns the blocks of the chosen elements that are kept, and those that are refused.
pub(super) fn clean(outline: &Outline, scores: &Scores, choice: &Choice, title: &str) -> Cleaned {
    let mut kept = Kept::of(outline, choice);
    for chosen in &choice.elements {
        kept.leave_elements(outline, scores, *chosen, choice.is_body);
    }
    let before = kept.indices();
    for chosen in &choice.elements {
        kept.leave_sections(outline, scores, *chosen);
    }
    kept.leave_blocks(outline, title);
    kept.leave_repeated(outline);
    let refused = before.into_iter().filter(|index| !kept.blocks[*index]).collect();
    if !choice.is_body {
        kept.trim(outline, scores);
    }
    kept.trim_headings(outline);
    kept.add_lead(outline, scores, choice);
    let kept = Some(kept.indices()).filter(|kept| !kept.is_empty());
    Cleaned { kept: kept.unwrap_or_else(|| all_plain(outline, choice)), refused }
}

/// Returns the chosen blocks that are not mostly links. It serves pages on which all blocks were
/// left out.
fn all_plain(outline: &Outline, choice: &Choice) -> Vec<usize> {
    let is_plain = |index: &usize| {
        let block = &outline.blocks[*index];
        block.link_chars * 2 <= block.chars
    };
    let chosen = choice.elements.iter().map(|element| outline.elements[*element].blocks.clone());
    chosen.flatten().filter(is_plain).collect()
}

struct Kept {
    blocks: Vec<bool>,
    chars: usize,
}

impl Kept {
    fn of(outline: &Outline, choice: &Choice) -> Self {
        let mut blocks = vec![false; outline.blocks.len()];
        for chosen in &choice.elements {
            blocks[outline.elements[*chosen].blocks.clone()].fill(true);
        }
        let chars = outline.blocks.iter().zip(&blocks).filter(|(_, kept)| **kept);
        let chars = chars.map(|(block, _)| block.chars).sum();
        Self { blocks, chars }
    }

    fn leave(&mut self, element: &Element) {
        self.blocks[element.blocks.clone()].fill(false);
    }

    /// Leaves out elements that are not part of the article: by name, by links, or as a row of
    /// cards.
    fn leave_elements(&mut self, outline: &Outline, scores: &Scores, chosen: usize, is_body: bool) {
        let mut index = chosen + 1;
        while index < outline.elements[chosen].end {
            let element = &outline.elements[index];
            let share = outline.chars(element) as f64 / self.chars.max(1) as f64;
            let is_named = scores.is_outside(index) || element.tag == Tag::Form;
            let is_outside = is_named
                && (share < MAX_SHARE_BY_NAME || element.label.comments || element.label.others)
                || is_of_links(outline, element)
                    && share < MAX_SHARE_BY_LINKS
                    && !(is_body && matches!(element.tag, Tag::List { .. } | Tag::Table));
            if is_outside {
                self.leave(element);
                index = element.end;
                continue;
            }
            if share < MAX_SHARE_BY_NAME && is_row_of_cards(outline, index) {
                self.leave(element);
                index = element.end;
                continue;
            }
            index += 1;
        }
    }

    /// Leaves out the text under a heading such as "Related articles", to the end of the
    /// element that the heading opens. Only the heading is left out if that text is not the
    /// smaller part.
    fn leave_sections(&mut self, outline: &Outline, scores: &Scores, chosen: usize) {
        let whole = &outline.elements[chosen];
        for index in whole.blocks.clone() {
            let block = &outline.blocks[index];
            let text = outline.text_of(block);
            let heads_comments = phrases::heads_comments(text);
            if !self.blocks[index] || !(heads_comments || phrases::opens_other(text)) {
                continue;
            }
            let is_heading = matches!(outline.tag_of(block), Tag::Heading(_));
            let end = section_end(outline, chosen, index, is_heading);
            let prose = |blocks: Range<usize>| -> f64 {
                blocks.map(|block| scores.of_block(block).max(0.0)).sum()
            };
            let is_behind = || prose(whole.blocks.start..index) > MIN_PROSE_BEFORE_COMMENTS;
            if prose(index..end) < scores.of_element(chosen) * MAX_SHARE_BY_LINKS
                || heads_comments && is_behind()
            {
                self.blocks[index..end].fill(false);
            } else {
                self.blocks[index] = false;
            }
        }
    }

    fn leave_blocks(&mut self, outline: &Outline, title: &str) {
        for (index, block) in outline.blocks.iter().enumerate() {
            if self.blocks[index] && is_aside(outline, block, title) {
                self.blocks[index] = false;
            }
        }
    }

    /// Leaves out repeated blocks. Pages made for several screen widths repeat their text.
    fn leave_repeated(&mut self, outline: &Outline) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for index in self.indices() {
            let block = &outline.blocks[index];
            if block.chars <= MIN_REPEATED_CHARS {
                continue;
            }
            let parent = outline.elements[block.element].parent;
            let first = *seen.entry(outline.text_of(block)).or_insert(parent);
            self.blocks[index] = first == parent;
        }
    }

    /// Adds the paragraph between the headline and the chosen elements.
    fn add_lead(&mut self, outline: &Outline, scores: &Scores, choice: &Choice) {
        let Some(first) = choice.elements.first() else { return };
        let start = outline.elements[*first].blocks.start;
        let is_headline =
            |index: &usize| outline.tag_of(&outline.blocks[*index]) == Tag::Heading(1);
        let near = start.saturating_sub(MAX_LEAD_BLOCKS);
        let heading = (near..start).rfind(is_headline).unwrap_or(near);
        let is_lead = |index: &usize| {
            let block = &outline.blocks[*index];
            let is_named = outline
                .around(block.element)
                .take(3)
                .any(|element| outline.elements[element].label.lead);
            is_named
                && block.link_chars == 0
                && block.chars > MIN_REPEATED_CHARS
                && !stands_outside(outline, scores, block)
        };
        let lead = (heading..start).find(is_lead);
        let is_new = |lead: &usize| {
            let text = outline.text_of(&outline.blocks[*lead]);
            !self
                .indices()
                .iter()
                .take(5)
                .any(|index| outline.text_of(&outline.blocks[*index]).starts_with(text))
        };
        if let Some(lead) = lead.filter(is_new) {
            self.blocks[lead] = true;
        }
    }

    /// Leaves out scraps before the first paragraph and after the last one, and headings without
    /// text under them.
    fn trim(&mut self, outline: &Outline, scores: &Scores) {
        let is_prose = |index: usize| scores.of_block(index) > 30.0;
        let indices = self.indices();
        let Some(first) = indices.iter().copied().find(|index| is_prose(*index)) else { return };
        let last = indices.iter().copied().rfind(|index| is_prose(*index)).unwrap_or(first);
        for index in indices.iter().copied() {
            let block = &outline.blocks[index];
            let is_scrap =
                block.chars < MAX_PREAMBLE_CHARS && !ends_sentence(outline.text_of(block));
            let is_preamble =
                index < first && (is_scrap || outline.tag_of(block) == Tag::Heading(1));
            let is_rest = index > last
                && (is_scrap || block.link_chars * 2 > block.chars)
                && !matches!(outline.tag_of(block), Tag::Item | Tag::Cell | Tag::Preformatted);
            if is_preamble || is_rest {
                self.blocks[index] = false;
            }
        }
    }

    fn trim_headings(&mut self, outline: &Outline) {
        for index in self.indices().into_iter().rev() {
            if !matches!(outline.tag_of(&outline.blocks[index]), Tag::Heading(_)) {
                break;
            }
            self.blocks[index] = false;
        }
    }

    fn indices(&self) -> Vec<usize> {
        (0..self.blocks.len()).filter(|index| self.blocks[*index]).collect()
    }
}

/// Returns true if a block stands in an element whose name says that it is no part of the article.
/// Names of leads do not count, since `teaser` may mean either.
fn stands_outside(outline: &Outline, scores: &Scores, block: &Block) -> bool {
    outline
        .around(block.element)
        .any(|element| scores.is_outside(element) && !outline.elements[element].label.lead)
}

/// Returns true for lists, tables and divisions that are little more than links.
fn is_of_links(outline: &Outline, element: &Element) -> bool {
    let is_container = matches!(
        element.tag,
        Tag::Division | Tag::Section | Tag::List { .. } | Tag::Table | Tag::Header
    );
    is_container
        && outline.link_chars(element) as f64 > outline.chars(element) as f64 * MAX_LINK_SHARE
}

/// Returns true if an element's children are alike, each with a link and little text.
fn is_row_of_cards(outline: &Outline, index: usize) -> bool {
    let element = &outline.elements[index];
    if !matches!(element.tag, Tag::Division | Tag::Section | Tag::List { .. }) {
        return false;
    }
    let (mut cards, mut others, mut shape) = (0, 0, None);
    let mut child = index + 1;
    while child < element.end {
        let inner = &outline.elements[child];
        child = inner.end;
        let blocks = &outline.blocks[inner.blocks.clone()];
        if blocks.is_empty() {
            continue;
        }
        let is_alike = *shape.get_or_insert(inner.shape) == inner.shape;
        let is_card = blocks.len() > 1
            && outline.chars(inner) < MAX_CARD_CHARS
            && blocks.iter().any(|block| block.link_chars * 10 > block.chars * 9);
        if is_alike && is_card { cards += 1 } else { others += 1 }
    }
    cards >= MIN_CARDS && others * 3 <= cards
}

/// Returns the end of the section that a block opens, as a block index: the end of the
/// outermost element that it opens, or the next heading.
fn section_end(outline: &Outline, chosen: usize, index: usize, is_heading: bool) -> usize {
    let opened = outline
        .around(outline.blocks[index].element)
        .take_while(|element| *element != chosen)
        .filter(|element| outline.elements[*element].blocks.start == index)
        .last();
    let opened_end = opened.map_or(index + 1, |element| outline.elements[element].blocks.end);
    if !is_heading || opened_end > index + 1 {
        return opened_end;
    }
    let following = index + 1..outline.elements[chosen].blocks.end;
    let next = following
        .clone()
        .find(|block| matches!(outline.tag_of(&outline.blocks[*block]), Tag::Heading(_)));
    next.unwrap_or(following.end)
}

/// Returns true if a heading repeats the title, apart from the site's name and marks.
pub(super) fn is_title(text: &str, title: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (text, title) = (plain(text), plain(title));
    let (shorter, longer) = if text.len() < title.len() { (text, title) } else { (title, text) };
    shorter.len() > 8 && longer.contains(&shorter) && shorter.len() * 2 > longer.len()
}

/// Returns true for a repeated title, a teaser, a prompt or a credit.
pub(super) fn is_aside(outline: &Outline, block: &Block, title: &str) -> bool {
    let text = outline.text_of(block);
    let tag = outline.tag_of(block);
    if matches!(tag, Tag::Heading(_)) && is_title(text, title) {
        return true;
    }
    let is_all_link = block.link_chars * 10 > block.chars * 9;
    let is_teaser = is_all_link
        && block.chars < MAX_TEASER_CHARS
        && matches!(tag, Tag::Paragraph | Tag::Division | Tag::Section | Tag::Article | Tag::Main);
    is_teaser || phrases::is_prompt(text)
}
