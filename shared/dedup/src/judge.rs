//! The rule by which an entry is new, a copy or a revision, without I/O.

use courant_article::{ArticleId, Decision};

use crate::claim::{Claim, Verdict};
use crate::fingerprint::{Cluster, Fingerprint, Known};

/// The write that follows from a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the verdict stands already.
    Keep,
    /// The observation is newer than those before.
    See,
    /// The claim with its verdict becomes the fingerprint, and its text is known
    /// on its site.
    Record {
        /// The first article with this text.
        first: ArticleId,
        /// The article that counted as the first before, and whose claim has lapsed:
        /// from now on it is a copy of `first`.
        in_place_of: Option<ArticleId>,
    },
}

/// Judges a claim by what is known of its URL and of its text.
///
/// The same claim again gets the recorded verdict, so that a crash between
/// claim and publication loses nothing. A URL that was only ever a duplicate is
/// not stored as an article: with a changed text it is judged like a new one.
/// A claim that has lapsed bars nothing.
pub fn judge(claim: &Claim, known: &Known) -> (Verdict, Effect) {
    let judged = Judged { claim, known, cluster: known.cluster(claim) };
    match known.fingerprint(claim.id) {
        None => judged.recorded(judged.by_text()),
        Some(own) if own.content_hash == claim.content_hash => judged.same_text(own),
        Some(own) => judged.other_text(own),
    }
}

struct Judged<'a> {
    claim: &'a Claim,
    known: &'a Known,
    cluster: Option<Cluster>,
}

impl Judged<'_> {
    fn same_text(&self, own: &Fingerprint) -> (Verdict, Effect) {
        let was_copy = own.verdict.decision == Decision::Duplicate;
        if was_copy && self.first() == self.claim.id {
            return self.recorded(self.by_text());
        }
        if self.claim.revision == own.revision {
            return (own.verdict, Effect::Keep);
        }
        if self.known.has_lapsed(own) {
            return self.taken_again(own);
        }
        let is_newer = self.claim.revision > own.seen;
        let effect = if is_newer { Effect::See } else { Effect::Keep };
        (verdict(Decision::Duplicate, self.first()), effect)
    }

    fn other_text(&self, own: &Fingerprint) -> (Verdict, Effect) {
        if self.known.has_lapsed(own) && own.stored.is_none() {
            return self.recorded(self.by_text());
        }
        let newest = if self.known.has_lapsed(own) { own.stored } else { Some(own.seen) };
        if Some(self.claim.revision) <= newest {
            return (verdict(Decision::Duplicate, self.claim.id), Effect::Keep);
        }
        if own.verdict.decision == Decision::Duplicate {
            return self.recorded(self.by_text());
        }
        self.recorded(verdict(Decision::Revision, self.claim.id))
    }

    /// It was accepted before, so its own site does not make it a duplicate.
    fn taken_again(&self, own: &Fingerprint) -> (Verdict, Effect) {
        let id = self.claim.id;
        match own.stored {
            Some(stored) if self.claim.revision <= stored => {
                (verdict(Decision::Duplicate, id), Effect::Keep)
            }
            Some(_) => self.recorded(verdict(Decision::Revision, id)),
            None if self.first() != id => {
                self.recorded(verdict(Decision::Syndicated, self.first()))
            }
            None => self.recorded(NEW),
        }
    }

    fn by_text(&self) -> Verdict {
        match self.cluster {
            Some(Cluster { first, on_this_site }) if first != self.claim.id => {
                let decision =
                    if on_this_site { Decision::Duplicate } else { Decision::Syndicated };
                verdict(decision, first)
            }
            _ => NEW,
        }
    }

    fn recorded(&self, verdict: Verdict) -> (Verdict, Effect) {
        let in_place_of = self.known.lapsed(self.claim).filter(|_| verdict.decision.is_accepted());
        (verdict, Effect::Record { first: self.first(), in_place_of })
    }

    fn first(&self) -> ArticleId {
        self.cluster.map_or(self.claim.id, |cluster| cluster.first)
    }
}

const NEW: Verdict = Verdict { decision: Decision::New, of: None };

fn verdict(decision: Decision, of: ArticleId) -> Verdict {
    Verdict { decision, of: Some(of) }
}
