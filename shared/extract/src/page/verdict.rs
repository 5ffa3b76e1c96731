//! Decides if a page is one article. A logistic model decides from the page's declarations, the
//! look of its address and the form of its text. Plain rules decide only on pages that can be no
//! article at all.

use std::sync::LazyLock;

use courant_article::Origin;
use dom_query::Document;
use url::Url;

use super::content::Content;
use super::context::Context;
use super::metadata::Metadata;
use super::structured::Structured;
use crate::trees::{Signs, Trees};

mod address;
mod signs;

pub(super) use signs::of as signs;

/// The weights of a logistic regression, without trees. The numbers without a weight serve to learn
/// a better one.
static TREES: LazyLock<Trees> = LazyLock::new(|| {
    Trees::parse(include_str!("../../data/trees/verdict.txt")).expect("the file is well-formed")
});

/// The fewest characters of an article, whatever the page declares. An ideograph counts for three.
const MIN_CHARS: usize = 150;
/// The most articles that a page describes if it is about one of them.
const MAX_ARTICLES: usize = 5;
/// Words of short pages that stand between readers and the article.
const CHALLENGES: [&str; 9] = [
    "enable javascript and cookies",
    "checking your browser",
    "verify you are human",
    "verifying you are human",
    "are you a robot",
    "access denied",
    "unusual traffic",
    "please enable cookies",
    "page not found",
];
const MAX_CHALLENGE_CHARS: usize = 1200;
/// The weight of a listing of the page, with a title and a date, in a feed or news sitemap.
/// Publishers list little else there. The weight outweighs missing metadata on a page with some
/// prose, but not the signs of a shop or a forum.
const LISTED: f32 = 3.0;

/// Returns the origin of the verdict that the page is an article. Returns `None` if it is none. The
/// home page is never an article, nor is a page that calls itself a listing or a bot check.
pub(super) fn is_article(
    document: &Document,
    url: &Url,
    structured: &Structured,
    metadata: &Metadata,
    content: &Content,
    context: Context,
) -> Option<Origin> {
    let is_home = matches!(url.path(), "" | "/") && url.query().is_none();
    let is_index = is_home || structured.is_listing || structured.article_count > MAX_ARTICLES;
    if is_index || content.chars < MIN_CHARS || is_challenge(content, metadata) {
        return None;
    }
    let listed = if context.is_listed { LISTED } else { 0.0 };
    let is_article = listed + logit(&signs(document, url, metadata, content)) > 0.0;
    is_article.then(|| origin(structured, metadata, context))
}

/// Returns the logarithm of the odds that the page is an article, from its own signs.
fn logit(signs: &Signs) -> f32 {
    let numbers: Vec<f32> = signs.iter().map(|(_, value)| *value).collect();
    TREES.logit(&numbers)
}

fn origin(structured: &Structured, metadata: &Metadata, context: Context) -> Origin {
    let declared = metadata.declared_type.as_deref().unwrap_or_default();
    match () {
        () if declared.contains("article") || structured.article_count > 0 => Origin::Declared,
        () if context.is_listed => Origin::Listed,
        () => Origin::Guessed,
    }
}

fn is_challenge(content: &Content, metadata: &Metadata) -> bool {
    let is_short = content.text.chars().count() < MAX_CHALLENGE_CHARS;
    let text = || format!("{} {}", metadata.title, content.text).to_lowercase();
    is_short
        && metadata.published_at.is_none()
        && CHALLENGES.iter().any(|words| text().contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trees_name_the_numbers_that_they_are_for() {
        let url = Url::parse("https://news.example/a").unwrap();
        let document = Document::from("<p>Text</p>");
        let signs = signs(&document, &url, &Metadata::default(), &Content::default());
        let names: Vec<&str> = signs.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, TREES.names());
    }
}
