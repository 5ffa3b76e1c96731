//! Claims and verdicts.

use courant_article::{ArticleId, ContentHash, Decision, Revision};

use crate::{Match, Sketch};

/// An entry that asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The article's name.
    pub id: ArticleId,
    /// The hash of its normalized text.
    pub content_hash: ContentHash,
    /// When it was observed.
    pub revision: Revision,
    /// The registered domain of its URL.
    pub site: String,
    /// The sketch of its text; `None` where that is too short for one.
    pub sketch: Option<Sketch>,
    /// The answer of the index of sketches.
    pub near: Option<Near>,
}

/// Earlier articles with nearly the claimed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// The earliest of them.
    pub first: ArticleId,
    /// True if one of them is of the claim's own site.
    pub on_this_site: bool,
}

impl Near {
    /// Sums up what [`crate::NearIndex::offer`] found.
    pub fn of(matches: &[Match]) -> Option<Self> {
        let on_this_site = matches.iter().any(|found| found.on_this_site);
        matches.first().map(|earliest| Self { first: earliest.id, on_this_site })
    }
}

/// The judgement of the duplicate index on a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Never [`Decision::Refused`].
    pub decision: Decision,
    /// The first article with this text; of a revision or a stale duplicate,
    /// the article itself; `None` if it is new.
    pub of: Option<ArticleId>,
}

impl Verdict {
    /// Returns true if the text is that of another article.
    pub(crate) fn is_copy(&self) -> bool {
        matches!(self.decision, Decision::Duplicate | Decision::Syndicated)
    }
}
