//! Which entry is new: the rule behind every decision, without I/O.

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
    /// What the index of sketches said of it.
    pub near: Option<Near>,
}

/// Earlier articles with nearly the claimed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// The earliest of them.
    pub first: ArticleId,
    /// Whether one of them is of the claim's own site.
    pub on_this_site: bool,
}

impl Near {
    /// Sums up what [`crate::NearIndex::offer`] found.
    pub fn of(matches: &[Match]) -> Option<Self> {
        let on_this_site = matches.iter().any(|found| found.on_this_site);
        matches.first().map(|earliest| Self { first: earliest.id, on_this_site })
    }
}

/// What the duplicate index says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Never [`Decision::Refused`].
    pub decision: Decision,
    /// The first article with this text; of a revision or a stale duplicate,
    /// the article itself; `None` if it is new.
    pub of: Option<ArticleId>,
}

/// What is recorded of an article's last accepted or refused claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash of the text.
    pub content_hash: ContentHash,
    /// Of the claim that was judged: the same one again gets the same verdict.
    pub revision: Revision,
    /// The newest observation of any text at this URL: what is older is stale.
    pub seen: Revision,
    /// What was said of it.
    pub verdict: Verdict,
}

impl Fingerprint {
    /// The article under whose name others are copies of `id`, whose fingerprint
    /// this is: of a copy, the first.
    pub fn first(&self, id: ArticleId) -> ArticleId {
        let is_copy = matches!(self.verdict.decision, Decision::Duplicate | Decision::Syndicated);
        self.verdict.of.filter(|_| is_copy).unwrap_or(id)
    }
}

/// Where the claimed text, or nearly that text, was met before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The first article with this text anywhere.
    pub first: ArticleId,
    /// Whether some article of the claim's own site had it.
    pub on_this_site: bool,
}

impl Cluster {
    /// Joins what is known of the very text with what is known of texts near to it.
    /// `near_first`: the fingerprint of `near.first`, if it was claimed already.
    pub fn join(
        exact: Option<Self>,
        near: Option<Near>,
        near_first: Option<&Fingerprint>,
    ) -> Option<Self> {
        let Some(near) = near else { return exact };
        let first = near_first.map_or(near.first, |known| known.first(near.first));
        let near = Self { first, on_this_site: near.on_this_site };
        Some(exact.map_or(near, |exact| Self {
            first: exact.first,
            on_this_site: exact.on_this_site || near.on_this_site,
        }))
    }
}

/// What to write after a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the verdict stands already.
    Keep,
    /// The observation is newer than those before.
    See,
    /// The claim with its verdict becomes the fingerprint, and its text is known
    /// on its site.
    Record,
}

/// Judges a claim by what is known of its URL and of its text.
///
/// The same claim again gets the recorded verdict, so that a crash between
/// claim and publication loses nothing. An URL that was only ever a duplicate is
/// not stored as an article: with a changed text it is judged like a new one.
pub fn judge(
    claim: &Claim,
    fingerprint: Option<&Fingerprint>,
    cluster: Option<Cluster>,
) -> (Verdict, Effect) {
    let Some(known) = fingerprint else {
        return (by_text(claim.id, cluster), Effect::Record);
    };
    let first = cluster.map_or(claim.id, |cluster| cluster.first);
    if claim.content_hash == known.content_hash {
        return same_text(claim, known, first);
    }
    if claim.revision <= known.seen {
        return (verdict(Decision::Duplicate, claim.id), Effect::Keep);
    }
    if known.verdict.decision == Decision::Duplicate {
        return (by_text(claim.id, cluster), Effect::Record);
    }
    (verdict(Decision::Revision, claim.id), Effect::Record)
}

fn same_text(claim: &Claim, known: &Fingerprint, first: ArticleId) -> (Verdict, Effect) {
    if claim.revision == known.revision {
        return (known.verdict, Effect::Keep);
    }
    let effect = if claim.revision > known.seen { Effect::See } else { Effect::Keep };
    (verdict(Decision::Duplicate, first), effect)
}

fn by_text(id: ArticleId, cluster: Option<Cluster>) -> Verdict {
    match cluster {
        Some(Cluster { first, on_this_site: true }) if first != id => {
            verdict(Decision::Duplicate, first)
        }
        Some(Cluster { first, on_this_site: false }) if first != id => {
            verdict(Decision::Syndicated, first)
        }
        _ => Verdict { decision: Decision::New, of: None },
    }
}

fn verdict(decision: Decision, of: ArticleId) -> Verdict {
    Verdict { decision, of: Some(of) }
}
