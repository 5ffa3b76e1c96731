//! Writes blocks as plain text and as Markdown.

use std::fmt::Write;

use url::Url;

use super::outline::{Block, Outline, Tag};

/// Writes plain text. Items and rows follow each other; all other blocks are separated by a blank
/// line.
pub(super) fn text(outline: &Outline, kept: &[usize], max_bytes: usize) -> String {
    let mut text = String::new();
    let mut before: Option<&Block> = None;
    for index in kept {
        let block = &outline.blocks[*index];
        let separator = before.map_or("", |before| separator(outline, before, block));
        if text.len() + separator.len() + block.text.len() > max_bytes {
            let room = max_bytes.saturating_sub(text.len() + separator.len());
            let rest = outline.text_of(block);
            text.push_str(separator);
            text.push_str(&rest[..rest.floor_char_boundary(room)]);
            text.truncate(text.floor_char_boundary(max_bytes));
            break;
        }
        text.push_str(separator);
        text.push_str(outline.text_of(block));
        before = Some(block);
    }
    text
}

fn separator(outline: &Outline, before: &Block, block: &Block) -> &'static str {
    let (one, other) = (place(outline, before), place(outline, block));
    match (one, other) {
        (Place::Cell { row: one }, Place::Cell { row: other }) if one == other => " | ",
        (Place::Cell { .. }, Place::Cell { .. }) => "\n",
        (Place::Item { list: one, .. }, Place::Item { list: other, .. }) if one == other => "\n",
        _ => "\n\n",
    }
}

/// Writes headings, lists, quotes and links as Markdown. Links are made absolute by `base`.
pub(super) fn markdown(outline: &Outline, kept: &[usize], base: &Url, max_bytes: usize) -> String {
    let mut markdown = String::new();
    let mut before: Option<&Block> = None;
    for index in kept {
        let block = &outline.blocks[*index];
        let separator = before.map_or("", |before| separator(outline, before, block));
        if markdown.len() + separator.len() + block.text.len() > max_bytes {
            break;
        }
        markdown.push_str(separator);
        if separator != " | " {
            markdown.push_str(&prefix(outline, block));
        }
        markdown.push_str(&with_links(outline, block, base));
        before = Some(block);
    }
    markdown
}

/// The place of a block, as far as the way to write the block depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Heading(u8),
    Quote,
    Cell { row: usize },
    Item { list: usize, depth: usize, number: Option<usize>, is_first: bool },
}

fn place(outline: &Outline, block: &Block) -> Place {
    for element in outline.around(block.element) {
        match outline.elements[element].tag {
            Tag::Heading(level) => return Place::Heading(level),
            Tag::Quote => return Place::Quote,
            Tag::Cell => return Place::Cell { row: outline.elements[element].parent },
            Tag::Item => return item(outline, block, element),
            Tag::Article | Tag::Main | Tag::Section | Tag::Table => break,
            _ => {}
        }
    }
    Place::Plain
}

fn item(outline: &Outline, block: &Block, element: usize) -> Place {
    let lists = outline.around(element).filter_map(|around| match outline.elements[around].tag {
        Tag::List { ordered } => Some((around, ordered)),
        _ => None,
    });
    let mut depth = 0;
    let (mut innermost, mut outermost) = (None, 0);
    for list in lists.take(8) {
        innermost.get_or_insert(list);
        outermost = list.0;
        depth += 1;
    }
    let number = innermost.filter(|list| list.1).map(|_| outline.elements[element].items);
    let first = outline.elements[element].blocks.start;
    let is_first = outline.blocks[first].text == block.text;
    Place::Item { list: outermost, depth, number, is_first }
}

fn prefix(outline: &Outline, block: &Block) -> String {
    match place(outline, block) {
        Place::Plain | Place::Cell { .. } => String::new(),
        Place::Heading(level) => format!("{} ", "#".repeat(usize::from(level))),
        Place::Quote => "> ".to_owned(),
        Place::Item { depth, number, is_first, .. } => {
            let indent = "  ".repeat(depth.saturating_sub(1));
            match number {
                Some(number) if is_first => format!("{indent}{number}. "),
                None if is_first => format!("{indent}- "),
                _ => format!("{indent}  "),
            }
        }
    }
}

fn with_links(outline: &Outline, block: &Block, base: &Url) -> String {
    let mut written = String::with_capacity(block.text.len());
    let mut from = block.text.start;
    for link in &outline.links[block.links.clone()] {
        let within = link.text.start >= from && link.text.end <= block.text.end;
        let target = base.join(&link.href).ok();
        let target = target.filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(target) = target.filter(|_| within && !link.text.is_empty()) else { continue };
        written.push_str(&outline.text[from..link.text.start]);
        let shown = &outline.text[link.text.clone()];
        let words = shown.trim();
        let lead = &shown[..shown.len() - shown.trim_start().len()];
        let tail = &shown[shown.trim_end().len()..];
        // Writing to a string cannot fail.
        let _ = write!(written, "{lead}[{words}]({target}){tail}");
        from = link.text.end;
    }
    written.push_str(&outline.text[from..block.text.end]);
    written
}
