//! Finds the main text of a page in one reading of its tree.
//!
//! The tree is laid out flat ([`outline`]), and each block of text is scored ([`score`]). Two
//! extractors choose the elements that hold the article ([`choose`]), and blocks that are not its
//! own are left out ([`clean`]). Each pass is linear.

use dom_query::Document;
use url::Url;

use super::tidy::tidy;
use crate::deadline::{Deadline, TimeIsUp};
use crate::trees::Signs;

mod about;
mod by_rules;
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

pub(super) use about::About;
use by_rules::ByRules;
pub(super) use facts::Facts;
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
    let found = by_rules(document, about, deadline)?;
    let own = keep::own(&found, about, deadline)?;
    Ok((found.outline, own))
}

/// Returns the blocks that the rules keep, and the data that they were chosen by. The passes over
/// the outline are linear in its size. The clock is looked at between them.
fn by_rules(
    document: &Document,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<ByRules, TimeIsUp> {
    let mut outline = Outline::of(document, deadline)?;
    deadline.look()?;
    others::mark(&mut outline, about.title, about.is_live);
    let scores = Scores::of(&outline);
    let choice = choose::choose(&outline, &scores);
    deadline.look()?;
    let cleaned = clean::clean(&outline, &scores, &choice, about.title);
    deadline.look()?;
    Ok(ByRules { outline, scores, choice, kept: cleaned.kept, refused: cleaned.refused })
}

/// Returns the text and the numbers of each block that the trees decide on, to train them.
pub(super) fn block_signs(
    document: &Document,
    about: About<'_>,
    deadline: &Deadline<'_>,
) -> Result<Vec<(String, Signs)>, TimeIsUp> {
    let found = by_rules(document, about, deadline)?;
    let text = |index: usize| found.outline.text_of(&found.outline.blocks[index]).to_owned();
    let evidence = keep::evidence(&found, about, deadline)?;
    Ok(evidence.into_iter().map(|(index, signs)| (text(index), signs)).collect())
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
