//! The rule that decides if an entry is new, a copy or a revision. It does no I/O.

use courant_article::{ArticleId, Decision, Revision};

use crate::claim::{Claim, Ruling, Verdict};
use crate::fingerprint::{ClaimContext, Cluster, Fingerprint};

/// The change to the index that follows from a ruling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The record stays as it is.
    Keep,
    /// The record gets this newest observation of its URL.
    See(Revision),
    /// The claim and its verdict become the new record.
    Record {
        /// The newest observation of the URL from now on.
        seen: Revision,
    },
}

/// Judges a claim by the records of its URL and text, at `now_ms` (Unix milliseconds).
///
/// The same claim again gets the recorded ruling, so that a crash between claim and publication
/// loses nothing. A URL that was only ever a duplicate is not stored as an article. It is
/// judged like a new one, by the present records.
///
/// Versions follow each other in the order in which they are judged, unless the sender states
/// that it observed this one before the newest. A time ahead of the clock counts as now.
pub fn judge(claim: &Claim, known: &ClaimContext, now_ms: i64) -> (Ruling, Effect) {
    let observed = Revision(claim.observed.0.min(now_ms));
    let judged = Judged { claim, known, cluster: known.cluster(claim), observed, now_ms };
    match known.fingerprint(claim.id) {
        Some(own) if own.verdict.decision == Decision::Duplicate => judged.by_text(),
        Some(own) if own.content_hash == claim.content_hash => judged.same_text(own),
        Some(own) => judged.other_text(own),
        None => judged.by_text(),
    }
}

/// Returns the recorded ruling of `claim`. `None` if it was never judged, or if its article is
/// lost.
pub fn recall(claim: &Claim, known: &ClaimContext, now_ms: i64) -> Option<Ruling> {
    let own = known.fingerprint(claim.id)?;
    let is_recorded = own.observed == claim.observed && own.content_hash == claim.content_hash;
    if is_recorded && (own.verdict.of.is_some() || own.verdict.decision == Decision::New) {
        return Some(ruling(own.verdict, own.revision));
    }
    match judge(claim, known, now_ms) {
        (ruling, Effect::Keep | Effect::See(_)) => Some(ruling),
        (_, Effect::Record { .. }) => None,
    }
}

struct Judged<'a> {
    claim: &'a Claim,
    known: &'a ClaimContext,
    cluster: Option<Cluster>,
    /// No later than now.
    observed: Revision,
    now_ms: i64,
}

impl Judged<'_> {
    fn same_text(&self, own: &Fingerprint) -> (Ruling, Effect) {
        if self.claim.observed == own.observed {
            let ruling = ruling(own.verdict, own.revision);
            return (Ruling { is_repeated: true, ..ruling }, Effect::Keep);
        }
        let is_newer = self.observed > own.seen || !self.is_past(own.seen);
        let effect = if is_newer { Effect::See(self.observed) } else { Effect::Keep };
        let first = self.known.first(self.claim.id, self.claim.id);
        (duplicate(first, own.revision, own.open), effect)
    }

    fn other_text(&self, own: &Fingerprint) -> (Ruling, Effect) {
        if self.observed < own.seen && self.is_past(own.seen) {
            return (duplicate(self.claim.id, own.revision, own.open), Effect::Keep);
        }
        self.recorded(verdict(Decision::Revision, self.claim.id))
    }

    fn by_text(&self) -> (Ruling, Effect) {
        match self.cluster.filter(|cluster| cluster.first != self.claim.id) {
            Some(Cluster { first, on_this_site: true, is_pending }) => {
                let (ruling, effect) = self.recorded(verdict(Decision::Duplicate, first));
                (Ruling { is_pending, ..ruling }, effect)
            }
            Some(Cluster { first, .. }) => self.recorded(verdict(Decision::Syndicated, first)),
            None => self.recorded(NEW),
        }
    }

    /// No two messages of an article have one revision: the bus would take the second for
    /// the first.
    fn recorded(&self, verdict: Verdict) -> (Ruling, Effect) {
        let own = self.known.fingerprint(self.claim.id);
        let after = own.map_or(i64::MIN, |own| own.revision.0.saturating_add(1));
        let revision = Revision(self.observed.0.max(after));
        (ruling(verdict, revision), Effect::Record { seen: self.observed })
    }

    /// A clock that has stepped back left times that lie ahead.
    fn is_past(&self, seen: Revision) -> bool {
        seen.0 <= self.now_ms
    }
}

const NEW: Verdict = Verdict { decision: Decision::New, of: None };

fn verdict(decision: Decision, of: ArticleId) -> Verdict {
    Verdict { decision, of: Some(of) }
}

fn ruling(verdict: Verdict, revision: Revision) -> Ruling {
    Ruling { verdict, revision, is_pending: false, is_repeated: false }
}

fn duplicate(of: ArticleId, revision: Revision, is_pending: bool) -> Ruling {
    Ruling { is_pending, ..ruling(verdict(Decision::Duplicate, of), revision) }
}
