//! Is this page one article? A logistic model over what the page declares, how
//! its address looks and how its text is made; plain rules only for pages that
//! are nothing at all.

use dom_query::Document;
use url::Url;

use super::content::Content;
use super::metadata::Metadata;
use super::structured::Structured;

mod address;
mod evidence;
mod weights;

pub(super) use evidence::of as evidence;
pub use evidence::{EVIDENCE, Evidence};
use weights::{BIAS, WEIGHTS};

/// Shorter texts are no article, whatever the page declares. An ideograph counts
/// for three.
const MIN_CHARS: usize = 150;
/// A page that describes more of them is about none of them.
const MAX_ARTICLES: usize = 5;
/// Short pages with these words stand between readers and the article.
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

/// The home page is never an article, nor is a page that calls itself a listing or
/// asks who reads it.
pub(super) fn is_article(
    document: &Document,
    url: &Url,
    structured: &Structured,
    metadata: &Metadata,
    content: &Content,
) -> bool {
    let is_home = matches!(url.path(), "" | "/") && url.query().is_none();
    let is_index = is_home || structured.is_listing || structured.article_count > MAX_ARTICLES;
    if is_index || content.chars < MIN_CHARS || is_challenge(content, metadata) {
        return false;
    }
    let evidence = evidence(document, url, metadata, content);
    let products = evidence.iter().zip(WEIGHTS).map(|(value, (_, weight))| value * weight);
    BIAS + products.sum::<f64>() > 0.0
}

fn is_challenge(content: &Content, metadata: &Metadata) -> bool {
    let is_short = content.text.chars().count() < MAX_CHALLENGE_CHARS;
    let text = || format!("{} {}", metadata.title, content.text).to_lowercase();
    is_short
        && metadata.published_at.is_none()
        && CHALLENGES.iter().any(|words| text().contains(words))
}
