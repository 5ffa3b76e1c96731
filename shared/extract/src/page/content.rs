//! Finds the main text of a page in one reading of its tree.
//!
//! The tree is laid out flat ([`outline`]), and each block of text is scored ([`score`]). Two
//! extractors choose the elements that hold the article ([`choose`]), and blocks that are not its
//! own are left out ([`clean`]). Each pass is linear.

use dom_query::Document;
use url::Url;

use super::tidy::tidy;
use crate::deadline::{Deadline, TimeIsUp};

mod choose;
mod clean;
mod facts;
mod hidden;
mod keep;
mod label;
mod others;
mod outline;
mod phrases;
mod render;
mod score;

use choose::Choice;
use facts::Facts;
pub use keep::{BLOCK_SIGNS, BlockSigns};
use outline::Outline;
use score::Scores;

/// The most bytes of a page's text. Longer texts are cut. This is four times the limit of an
/// article in a message, so that the cut there is noticed and flagged.
pub const MAX_PAGE_TEXT_BYTES: usize = 1024 * 1024;

/// The article's body in the page's structured data is taken if the text found in the page has less
/// than this share of its length.
const MIN_SHARE_OF_BODY: f64 = 0.5;

/// The main text, and the facts that decide if it is an article.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The text, with a blank line between paragraphs.
    pub(super) text: String,
    pub(super) markdown: String,
    /// The number of characters in the text. An ideograph counts for three.
    pub(super) chars: usize,
    /// The share of the text that stands in links, 0 to 1.
    pub(super) link_density: f64,
    pub(super) facts: Facts,
}

/// The metadata that help to find the text.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    /// The title. It is left out of the text.
    pub(super) title: &'a str,
    /// The article's body in the page's structured data.
    pub(super) declared_body: Option<&'a str>,
    /// True for a live blog, whose posts have headlines of their own.
    pub(super) is_live: bool,
}

impl Content {
    /// Reads the main text. Relative links are resolved against `base`.
    pub(super) fn read(
        document: &Document,
        base: &Url,
        about: About<'_>,
        deadline: &Deadline<'_>,
    ) -> Result<Self, TimeIsUp> {
        let (outline, kept) = main_blocks(document, about, deadline)?;
        let text = render::text(&outline, &kept, MAX_PAGE_TEXT_BYTES);
        let found = Self {
            chars: chars(&outline, &kept),
            markdown: render::markdown(&outline, &kept, base, MAX_PAGE_TEXT_BYTES),
            link_density: link_density(&outline, &kept),
            facts: Facts::of(&outline, &kept),
            text,
        };
        Ok(match about.declared_body.map(tidy_paragraphs) {
            Some(declared)
                if (found.text.len() as f64) < declared.len() as f64 * MIN_SHARE_OF_BODY =>
            {
                found.replaced_by(cut(declared))
            }
            _ => found,
        })
    }

    fn replaced_by(self, text: String) -> Self {
        let chars = text.chars().filter(|c| !c.is_whitespace()).map(outline::weight).sum();
        Self { markdown: text.clone(), text, chars, link_density: 0.0, ..self }
    }
}

/// The blocks of the main text.
fn main_blocks(
    document: &Document,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<(Outline, Vec<usize>), TimeIsUp> {
    let (outline, scores, choice, kept) = kept_blocks(document, about, deadline)?;
    let own = keep::own(&outline, &scores, &choice.elements, kept);
    deadline.look()?;
    Ok((outline, own))
}

/// Returns the blocks that the rules keep, and the data that they were chosen by. The passes over
/// the outline are linear in its size. The clock is looked at between them.
fn kept_blocks(
    document: &Document,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<(Outline, Scores, Choice, Vec<usize>), TimeIsUp> {
    let mut outline = Outline::of(document, deadline)?;
    deadline.look()?;
    others::mark(&mut outline, about.title, about.is_live);
    let scores = Scores::of(&outline);
    let choice = choose::choose(&outline, &scores);
    deadline.look()?;
    let kept = clean::clean(&outline, &scores, &choice, about.title);
    deadline.look()?;
    Ok((outline, scores, choice, kept))
}

/// Returns the text and the numbers of each block that the rules keep, to train the model that
/// comes after the rules.
pub(super) fn block_signs(
    document: &Document,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<Vec<(String, BlockSigns)>, TimeIsUp> {
    let (outline, scores, choice, kept) = kept_blocks(document, about, deadline)?;
    let evidence = keep::evidence(&outline, &scores, &choice.elements, &kept);
    let texts = kept.iter().map(|index| outline.text_of(&outline.blocks[*index]).to_owned());
    Ok(texts.zip(evidence).collect())
}

fn chars(outline: &Outline, kept: &[usize]) -> usize {
    kept.iter().map(|index| outline.blocks[*index].chars).sum()
}

fn link_density(outline: &Outline, kept: &[usize]) -> f64 {
    let in_links: usize = kept.iter().map(|index| outline.blocks[*index].link_chars).sum();
    in_links as f64 / chars(outline, kept).max(1) as f64
}

/// Returns the text with single spaces between words and one blank line between paragraphs.
fn tidy_paragraphs(text: &str) -> String {
    let text = if text.contains("</p>") {
        tidy(&text.replace("</p>", "</p>\n"), usize::MAX)
    } else {
        text.to_owned()
    };
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MAX_PAGE_TEXT_BYTES));
    text
}

#[cfg(test)]
mod tests;
