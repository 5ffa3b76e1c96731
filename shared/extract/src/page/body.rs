//! The main text of a page.

use dom_query::Document;
use dom_smoothie::{Config, Readability, TextMode};

use super::{MAX_PAGE_TEXT_BYTES, tidy};
use crate::isolate::{document, fragment};

/// Pages with more elements are read by their paragraphs alone: scoring every
/// element would take too long.
const MAX_ELEMENTS: usize = 50_000;
/// What the publisher gives as the article's body is taken where the text found
/// in the page has less than this share of it.
const MIN_SHARE_OF_BODY: f64 = 0.5;
/// A shorter text is compared with that of all paragraphs: an ill-chosen element
/// is tiny beside the article.
const SHORT_TEXT_BYTES: usize = 500;
const MAX_PARAGRAPHS: usize = 200_000;

/// The main text and what speaks for or against it.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Paragraphs apart by a blank line.
    pub(super) text: String,
    /// The share of it that stands in links, 0 to 1.
    pub(super) link_density: f64,
}

impl Body {
    /// `html` is what `document` was made of; finding the text takes it apart.
    pub(super) fn read(document: Document, html: &str, declared: Option<&str>) -> Self {
        let found = main_text(document).unwrap_or_default();
        let body = if found.text.len() < SHORT_TEXT_BYTES {
            Self::of_paragraphs(html).or(found)
        } else {
            found
        };
        match declared.map(tidy_paragraphs) {
            Some(declared)
                if (body.text.len() as f64) < declared.len() as f64 * MIN_SHARE_OF_BODY =>
            {
                Self { text: cut(declared), link_density: 0.0 }
            }
            _ => body,
        }
    }

    /// This one where it has far more text, else `found`.
    fn or(self, found: Self) -> Self {
        if self.text.len() > 4 * found.text.len() { self } else { found }
    }

    /// All paragraphs: a last resort, and what a text is that is no article.
    fn of_paragraphs(html: &str) -> Self {
        let Some(document) = document(html) else { return Self::default() };
        let paragraphs = document.select("p");
        let texts =
            paragraphs.iter().take(MAX_PARAGRAPHS).map(|paragraph| paragraph.text().to_string());
        let text = tidy_paragraphs(&texts.collect::<Vec<_>>().join("\n\n"));
        let in_links: usize = document.select("p a").iter().map(|link| link.text().len()).sum();
        Self { link_density: share(in_links, text.len()), text: cut(text) }
    }
}

fn main_text(document: Document) -> Option<Body> {
    let config = Config {
        max_elements_to_parse: MAX_ELEMENTS,
        disable_json_ld: true, // read already
        text_mode: TextMode::Formatted,
        ..Config::default()
    };
    let article = Readability::with_document(document, None, Some(config)).ok()?.parse().ok()?;
    let text = tidy_paragraphs(&article.text_content);
    let content = fragment(&article.content)?;
    let in_links: usize = content.select("a").iter().map(|link| link.text().len()).sum();
    (!text.is_empty()).then(|| Body { link_density: share(in_links, text.len()), text: cut(text) })
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
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
