//! The main text of a page, from one reading of its tree.
//!
//! The tree is laid out flat ([`outline`]), each block of text is scored
//! ([`score`]), two extractors choose where the article stands ([`choose`]), and
//! what is not its own is left out ([`clean`]). Each pass is linear.

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

/// Longer texts are cut here. Four times what travels as an article, so that the
/// cut there is seen and flagged.
pub const MAX_PAGE_TEXT_BYTES: usize = 1024 * 1024;

/// The publisher's own body of the article is taken where the text found in the page
/// has less than this share of it.
const MIN_SHARE_OF_BODY: f64 = 0.5;

/// The main text and what speaks for or against it.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Paragraphs apart by a blank line.
    pub(super) text: String,
    pub(super) markdown: String,
    /// The characters of the text; an ideograph counts for three.
    pub(super) chars: usize,
    /// The share of it that stands in links, 0 to 1.
    pub(super) link_density: f64,
    pub(super) facts: Facts,
}

/// The metadata that the text is found with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    /// Repeated in the text, it is left out.
    pub(super) title: &'a str,
    /// The article's body, as the publisher gives it elsewhere.
    pub(super) declared_body: Option<&'a str>,
    /// True for a live blog, whose posts have headlines of their own.
    pub(super) is_live: bool,
}

impl Content {
    /// Reads the text. `base`: relative links are resolved against it.
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

/// The blocks that the rules keep, and what they were chosen by. The passes over the outline
/// are linear in it: the clock is looked at between them.
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

/// The text and the numbers of each block that the rules keep, to train the model behind them.
pub(super) fn evidence(
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

/// Words apart by single spaces, paragraphs by one blank line.
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
