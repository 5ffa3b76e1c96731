//! The sketches of what was let in.

use courant_article::{ArticleId, ContentHash};
use courant_dedup::Sketch;

/// The sketch of a text that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSketch {
    /// Its place in the order of the claims.
    pub number: i64,
    /// The article.
    pub id: ArticleId,
    /// The hash of the text, which the article has still.
    pub content_hash: ContentHash,
    /// The registered domain of its URL.
    pub site: String,
    /// `None` where a newer version of Courant made it.
    pub sketch: Option<Sketch>,
    /// When it was claimed, Unix milliseconds.
    pub claimed_at_ms: i64,
}
