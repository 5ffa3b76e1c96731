//! Which entry is new: the rule of the duplicate index, without I/O.

use courant_article::{ArticleId, ContentHash, Decision, Revision};

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
pub(crate) struct Fingerprint {
    pub(crate) content_hash: ContentHash,
    /// Of the claim that was judged: the same one again gets the same verdict.
    pub(crate) revision: Revision,
    /// The newest observation of any text at this URL: what is older is stale.
    pub(crate) seen: Revision,
    pub(crate) verdict: Verdict,
}

/// Where the claimed text was met before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// The first article with this text anywhere.
    pub(crate) first: ArticleId,
    /// Whether some article of the claim's own site had it.
    pub(crate) on_this_site: bool,
}

/// What to write after a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
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
pub(crate) fn judge(
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

/// The name of a decision in the database.
pub(crate) fn decision_from(name: &str) -> Option<Decision> {
    let all = [
        Decision::New,
        Decision::Duplicate,
        Decision::Revision,
        Decision::Syndicated,
        Decision::Refused,
    ];
    all.into_iter().find(|decision| decision.as_str() == name)
}
