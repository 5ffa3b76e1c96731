//! The duplicate index: earlier claims, and which of their articles were stored.
//!
//! A claim is recorded at the door, before its article is stored. Where the article then
//! ends among the dead letters, the claim must not keep the article out for ever: a claim
//! whose article is not stored *lapses*, and its text can be claimed again.

use std::collections::HashMap;

use courant_article::{ArticleId, ContentHash, Decision, Revision};

use crate::claim::{Claim, Near, Verdict};

/// The age from which a claim without a stored article no longer bars the same article.
/// Longer than an article takes through queues that are not full. One that is still on
/// its way is then published twice, which every stage allows for.
pub(crate) const LAPSES_FOR_ITSELF_MS: u64 = 15 * 60 * 1000;
/// The age from which such a claim no longer bars copies of its text. Longer, as a copy
/// that is let in beside an article still on its way stays in the store as a second one.
pub(crate) const LAPSES_FOR_COPIES_MS: u64 = 24 * 60 * 60 * 1000;
/// The time of a claim that was released: it lapsed at once.
pub const RELEASED_AT_MS: i64 = 0;
/// Copies of copies that are followed to the first article.
const MAX_HOPS: usize = 4;

/// The record of an article's last accepted or refused claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash of the text.
    pub content_hash: ContentHash,
    /// The revision of the claim that was judged: the same one again gets the same
    /// verdict.
    pub revision: Revision,
    /// The newest observation of any text at this URL: what is older is stale.
    pub seen: Revision,
    /// The verdict.
    pub verdict: Verdict,
    /// When it was judged, Unix milliseconds; [`RELEASED_AT_MS`] where it was released.
    pub claimed_at_ms: i64,
    /// The revision in which the article is stored; `None` where it is not.
    pub stored: Option<Revision>,
}

impl Fingerprint {
    /// Returns true if the claim was accepted long ago, or released, and its article is
    /// not stored in the claimed revision.
    fn has_lapsed(&self, now_ms: i64) -> bool {
        self.verdict.decision.is_accepted()
            && self.stored.is_none_or(|stored| stored < self.revision)
            && is_older(self.claimed_at_ms, now_ms, LAPSES_FOR_ITSELF_MS)
    }

    /// The same, as it counts for a copy with the text `content_hash`. An article that
    /// is stored in another revision is there, unless its lost revision had that text.
    fn has_lapsed_for(&self, content_hash: ContentHash, now_ms: i64) -> bool {
        let is_needed = self.stored.is_none() || self.content_hash == content_hash;
        is_needed
            && self.has_lapsed(now_ms)
            && is_older(self.claimed_at_ms, now_ms, LAPSES_FOR_COPIES_MS)
    }
}

/// A clock may have stepped back: a claim from the future is as old as one from the past.
fn is_older(at_ms: i64, now_ms: i64, age_ms: u64) -> bool {
    now_ms.abs_diff(at_ms) >= age_ms
}

/// An earlier article with the claimed text, or nearly that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The first article with this text anywhere.
    pub first: ArticleId,
    /// True if some article of the claim's own site had it.
    pub on_this_site: bool,
}

impl From<Near> for Cluster {
    fn from(near: Near) -> Self {
        Self { first: near.first, on_this_site: near.on_this_site }
    }
}

/// The part of the index that bears on a claim.
#[derive(Clone, Debug)]
pub struct Known {
    now_ms: i64,
    exact: Option<Cluster>,
    /// `None` for an article that was never claimed.
    fingerprints: HashMap<ArticleId, Option<Fingerprint>>,
}

impl Known {
    /// The index at `now_ms` (Unix) before any fingerprint is read. `exact`: the
    /// articles with the very text.
    pub fn new(exact: Option<Cluster>, now_ms: i64) -> Self {
        Self { now_ms, exact, fingerprints: HashMap::new() }
    }

    /// The articles whose fingerprints are still to be learned before `claim` can be
    /// judged; empty at the end.
    pub fn missing(&self, claim: &Claim) -> Vec<ArticleId> {
        let met = [self.exact, claim.near.map(Cluster::from)];
        let firsts = met.into_iter().flatten().map(|cluster| self.first(cluster.first));
        let mut missing: Vec<ArticleId> = std::iter::once(claim.id)
            .chain(firsts)
            .filter(|id| !self.fingerprints.contains_key(id))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Takes in the fingerprints of `asked`: those that are not in `found` were never
    /// claimed.
    pub fn learn(
        &mut self,
        asked: &[ArticleId],
        found: impl IntoIterator<Item = (ArticleId, Fingerprint)>,
    ) {
        self.fingerprints.extend(asked.iter().map(|id| (*id, None)));
        self.fingerprints.extend(found.into_iter().map(|(id, found)| (id, Some(found))));
    }

    /// Returns true if `id` was claimed, and neither its claim nor that of the article it
    /// repeats has lapsed. Needs the fingerprints of `id` and of what that is a copy of.
    pub fn stands(&self, id: ArticleId) -> bool {
        let Some(own) = self.fingerprint(id) else { return false };
        if own.verdict.decision == Decision::Duplicate {
            return !self.has_lapsed_for(self.first(id), own.content_hash, Some(own));
        }
        !own.has_lapsed(self.now_ms)
    }

    /// The articles whose fingerprints [`Self::stands`] still needs for `ids`.
    pub fn missing_of(&self, ids: &[ArticleId]) -> Vec<ArticleId> {
        let firsts = ids.iter().map(|id| self.first(*id));
        firsts.filter(|id| !self.fingerprints.contains_key(id)).collect()
    }

    pub(crate) fn fingerprint(&self, id: ArticleId) -> Option<&Fingerprint> {
        self.fingerprints.get(&id).and_then(Option::as_ref)
    }

    /// Returns true if the claim that `own` records has lapsed.
    pub(crate) fn has_lapsed(&self, own: &Fingerprint) -> bool {
        own.has_lapsed(self.now_ms)
    }

    /// The cluster of the claimed text, if its first article stands.
    pub(crate) fn cluster(&self, claim: &Claim) -> Option<Cluster> {
        let exact = self.exact.and_then(|cluster| self.standing(cluster, claim));
        let near = claim.near.and_then(|near| self.standing(near.into(), claim));
        match (exact, near) {
            (Some(exact), Some(near)) => {
                let on_this_site = exact.on_this_site || near.on_this_site;
                Some(Cluster { first: exact.first, on_this_site })
            }
            (exact, near) => exact.or(near),
        }
    }

    /// The article with the claimed text whose claim has lapsed.
    pub(crate) fn lapsed(&self, claim: &Claim) -> Option<ArticleId> {
        let met = [self.exact, claim.near.map(Cluster::from)].into_iter().flatten();
        let mut lapsed = met.filter(|cluster| self.standing(*cluster, claim).is_none());
        lapsed.next().map(|cluster| self.first(cluster.first))
    }

    fn standing(&self, cluster: Cluster, claim: &Claim) -> Option<Cluster> {
        let first = self.first(cluster.first);
        let own = self.fingerprint(claim.id);
        let has_lapsed = first != claim.id && self.has_lapsed_for(first, claim.content_hash, own);
        (!has_lapsed).then_some(Cluster { first, ..cluster })
    }

    /// An article that was never claimed may be about to be: it has lapsed for `own`,
    /// a copy of it, once that is old.
    fn has_lapsed_for(
        &self,
        first: ArticleId,
        content_hash: ContentHash,
        own: Option<&Fingerprint>,
    ) -> bool {
        match self.fingerprint(first) {
            Some(fingerprint) => fingerprint.has_lapsed_for(content_hash, self.now_ms),
            None => own
                .is_some_and(|own| is_older(own.claimed_at_ms, self.now_ms, LAPSES_FOR_COPIES_MS)),
        }
    }

    /// The article under whose name others are copies of `id`: of a copy, the first.
    fn first(&self, id: ArticleId) -> ArticleId {
        let mut first = id;
        for _ in 0..MAX_HOPS {
            let verdict = self.fingerprint(first).map(|known| known.verdict);
            match verdict.filter(|verdict| verdict.is_copy()).and_then(|verdict| verdict.of) {
                Some(of) => first = of,
                None => break,
            }
        }
        first
    }
}
