//! Claims and verdicts.

use courant_article::{ArticleId, ContentHash, Decision, Revision};

use crate::{NearMatch, Sketch};

/// The most near texts of a claim that are judged, the earliest first.
const MAX_NEAR: usize = 16;

/// The request of an entry to be accepted as an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The article's name.
    pub id: ArticleId,
    /// The hash of the normalized text.
    pub content_hash: ContentHash,
    /// The time of observation that the sender stated.
    pub observed: Revision,
    /// The registered domain of its URL.
    pub site: String,
    /// The sketch of the text. `None` if the text is too short for one.
    pub sketch: Option<Sketch>,
    /// The earlier articles with nearly this text, the earliest first.
    pub near: Vec<NearArticle>,
}

/// An earlier article with nearly the claimed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearArticle {
    /// The article.
    pub id: ArticleId,
    /// The [`text_key`] of the near text. The article may have another text by now.
    pub text: u64,
    /// True if the article belongs to the site of the claim.
    pub on_this_site: bool,
}

impl NearArticle {
    /// Converts the results of [`crate::NearIndex::offer`].
    pub fn of(matches: &[NearMatch]) -> Vec<Self> {
        let near = |found: &NearMatch| Self {
            id: found.id,
            text: found.text,
            on_this_site: found.on_this_site,
        };
        matches.iter().take(MAX_NEAR).map(near).collect()
    }
}

/// Returns the part of a text's hash by which the index of sketches distinguishes versions of
/// an article.
pub fn text_key(content_hash: &ContentHash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *content_hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The decision of the duplicate index on a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Never [`Decision::Refused`].
    pub decision: Decision,
    /// The first article with this text. For a revision or a stale duplicate, the article
    /// itself. `None` for a new article, and in the record of a URL whose article was never
    /// stored.
    pub of: Option<ArticleId>,
}

impl Verdict {
    /// Returns true if the text is that of another article.
    pub(crate) fn is_copy(&self) -> bool {
        matches!(self.decision, Decision::Duplicate | Decision::Syndicated)
    }
}

/// A verdict with what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The verdict.
    pub verdict: Verdict,
    /// The version that the article becomes: later than the one before it, whatever the
    /// clocks say.
    pub revision: Revision,
    /// True if this is a duplicate of an article that is not stored yet.
    pub is_pending: bool,
    /// True if the claim was judged before, and this is the recorded ruling.
    pub is_repeated: bool,
}
