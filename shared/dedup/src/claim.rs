//! Claims and verdicts.

use courant_article::{ArticleId, ContentHash, Decision, Revision};

use crate::{Match, Sketch};

/// The most near texts of a claim that are judged, the earliest first.
const MAX_NEAR: usize = 16;

/// An entry that asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The article's name.
    pub id: ArticleId,
    /// The hash of its normalized text.
    pub content_hash: ContentHash,
    /// When it was observed, as its sender says.
    pub observed: Revision,
    /// The registered domain of its URL.
    pub site: String,
    /// The sketch of its text; `None` where that is too short for one.
    pub sketch: Option<Sketch>,
    /// The answer of the index of sketches, the earliest text first.
    pub near: Vec<Near>,
}

/// An earlier article with nearly the claimed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// The article.
    pub id: ArticleId,
    /// The [`text_key`] of the text that is near: the article may have another one by now.
    pub text: u64,
    /// True if it is of the claim's own site.
    pub on_this_site: bool,
}

impl Near {
    /// Reads what [`crate::NearIndex::offer`] found.
    pub fn of(matches: &[Match]) -> Vec<Self> {
        let near = |found: &Match| Self {
            id: found.id,
            text: found.text,
            on_this_site: found.on_this_site,
        };
        matches.iter().take(MAX_NEAR).map(near).collect()
    }
}

/// The part of a text's hash by which an index of sketches tells versions apart.
pub fn text_key(content_hash: &ContentHash) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *content_hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The judgement of the duplicate index on a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Never [`Decision::Refused`].
    pub decision: Decision,
    /// The first article with this text; of a revision or a stale duplicate,
    /// the article itself; `None` if it is new, and in the record of a URL whose article
    /// was never stored.
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
    /// True where a duplicate repeats an article that is not stored yet.
    pub is_pending: bool,
    /// True if the claim was judged before, and this is what was recorded.
    pub is_repeated: bool,
}
