//! Is this page one article?

use url::Url;

use super::content::Content;
use super::metadata::Metadata;
use super::structured::Structured;

/// Of a page that calls itself an article. An ideograph counts for three.
const MIN_DECLARED_CHARS: usize = 150;
/// Of a page that does not say what it is.
const MIN_UNDECLARED_CHARS: usize = 700;
const MAX_LINK_DENSITY: f64 = 0.4;
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

/// What the page declares counts first, then how much text it has and how much
/// of that stands in links. The home page is never an article.
pub(super) fn is_article(
    url: &Url,
    structured: &Structured,
    metadata: &Metadata,
    body: &Content,
) -> bool {
    let chars = weighted_chars(&body.text);
    let is_home = matches!(url.path(), "" | "/") && url.query().is_none();
    let is_index = is_home || structured.is_listing || structured.article_count > 5;
    if is_index || body.link_density > MAX_LINK_DENSITY || is_challenge(body, metadata) {
        return false;
    }
    let is_declared = structured.article_count > 0
        || metadata.declared_type.as_deref().is_some_and(|kind| kind.contains("article"));
    chars >= if is_declared { MIN_DECLARED_CHARS } else { MIN_UNDECLARED_CHARS }
}

fn weighted_chars(text: &str) -> usize {
    text.chars().map(|c| if matches!(c, '\u{2e80}'..='\u{d7ff}') { 3 } else { 1 }).sum()
}

fn is_challenge(body: &Content, metadata: &Metadata) -> bool {
    let is_short = body.text.chars().count() < MAX_CHALLENGE_CHARS;
    let text = format!("{} {}", metadata.title, body.text).to_lowercase();
    is_short
        && metadata.published_at.is_none()
        && CHALLENGES.iter().any(|words| text.contains(words))
}
