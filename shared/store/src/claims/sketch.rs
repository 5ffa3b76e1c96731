//! The sketches of accepted texts.

use courant_article::{ArticleId, ContentHash};
use courant_dedup::Sketch;

/// The sketch of an accepted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSketch {
    /// The position in the order of the claims.
    pub number: i64,
    /// The article.
    pub id: ArticleId,
    /// The hash of the text. The article still has this text.
    pub content_hash: ContentHash,
    /// The registered domain of its URL.
    pub site: String,
    /// The sketch. `None` if a newer version of Courant made it.
    pub sketch: Option<Sketch>,
    /// The time of the claim, in Unix milliseconds.
    pub claimed_at_ms: i64,
}
