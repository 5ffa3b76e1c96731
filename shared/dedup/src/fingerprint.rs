//! The duplicate index: for each URL, the claim that stands.
//!
//! A claim is recorded at the door, before its article is stored; until then it is
//! *open*. The store closes it together with the article. Where nothing is left that could
//! store the article, the claim is released: the record says again what is stored, or
//! that nothing is. So whatever is recorded as accepted is there or on its way, and a text that
//! only an older version had is no longer known.

use std::collections::HashMap;

use courant_article::{ArticleId, ContentHash, Revision};

use crate::claim::{Claim, Near, Verdict, text_key};

/// Copies of copies that are followed to the first article.
const MAX_HOPS: usize = 4;

/// The record of the claim that stands at a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash of the text.
    pub content_hash: ContentHash,
    /// When the claim's entry was observed, as its sender says: the same one again gets
    /// the same ruling.
    pub observed: Revision,
    /// The version that the article became, the greatest that was ever given.
    pub revision: Revision,
    /// The newest observation of any text at this URL: what is older is stale. Later than
    /// now where a clock has stepped back: then it says nothing.
    pub seen: Revision,
    /// The verdict.
    pub verdict: Verdict,
    /// True while the article is not stored in this revision.
    pub open: bool,
}

impl Fingerprint {
    fn is_accepted(&self) -> bool {
        self.verdict.decision.is_accepted()
    }
}

/// An accepted article that has the claimed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The article; never that of the claim.
    pub id: ArticleId,
    /// True if it is of the claim's own site.
    pub on_this_site: bool,
}

/// The articles that share a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// The first of them.
    pub(crate) first: ArticleId,
    /// True if one of them is of the claim's own site.
    pub(crate) on_this_site: bool,
    /// True while the one that was met is not stored.
    pub(crate) is_pending: bool,
}

/// The part of the index that bears on a claim.
#[derive(Clone, Debug)]
pub struct Known {
    exact: Option<Holder>,
    /// `None` for an article without a claim.
    fingerprints: HashMap<ArticleId, Option<Fingerprint>>,
}

impl Known {
    /// The index before any fingerprint is read. `exact`: an article with the very text,
    /// of the claim's own site where there is one.
    pub fn new(exact: Option<Holder>) -> Self {
        Self { exact, fingerprints: HashMap::new() }
    }

    /// The articles whose fingerprints are still to be learned before `claim` can be
    /// judged; empty at the end.
    pub fn missing(&self, claim: &Claim) -> Vec<ArticleId> {
        let met = self.exact.iter().map(|holder| holder.id);
        let met = met.chain(claim.near.iter().map(|near| near.id)).chain([claim.id]);
        self.missing_of(met)
    }

    /// The articles whose fingerprints [`Self::stands`] still needs for `ids`.
    pub fn missing_of(&self, ids: impl IntoIterator<Item = ArticleId>) -> Vec<ArticleId> {
        let ends = ids.into_iter().map(|id| self.end(id));
        let mut missing: Vec<ArticleId> =
            ends.filter(|id| !self.fingerprints.contains_key(id)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Takes in the fingerprints of `asked`: those that are not in `found` have no claim.
    pub fn learn(
        &mut self,
        asked: &[ArticleId],
        found: impl IntoIterator<Item = (ArticleId, Fingerprint)>,
    ) {
        self.fingerprints.extend(asked.iter().map(|id| (*id, None)));
        self.fingerprints.extend(found.into_iter().map(|(id, found)| (id, Some(found))));
    }

    /// Returns true if the article `id`, or the one that it repeats, is stored or on its
    /// way.
    pub fn stands(&self, id: ArticleId) -> bool {
        let repeated = || self.accepted(self.copied(id)?);
        self.accepted(id).or_else(repeated).is_some()
    }

    pub(crate) fn fingerprint(&self, id: ArticleId) -> Option<&Fingerprint> {
        self.fingerprints.get(&id).and_then(Option::as_ref)
    }

    /// The articles that share the claimed text.
    pub(crate) fn cluster(&self, claim: &Claim) -> Option<Cluster> {
        let exact = self.exact.and_then(|holder| self.met(holder, claim));
        let near = claim.near.iter().filter_map(|near| self.met(self.current(near)?, claim));
        exact.into_iter().chain(near).reduce(|first, next| Cluster {
            on_this_site: first.on_this_site || next.on_this_site,
            ..first
        })
    }

    /// The article under whose name `id` is a copy: of an original, itself.
    pub(crate) fn first(&self, id: ArticleId, claimant: ArticleId) -> ArticleId {
        let mut first = id;
        for _ in 0..MAX_HOPS {
            match self.copied(first) {
                Some(of) if of == claimant || self.accepted(of).is_some() => first = of,
                _ => break,
            }
        }
        first
    }

    fn met(&self, holder: Holder, claim: &Claim) -> Option<Cluster> {
        let own = self.accepted(holder.id)?;
        let first = self.first(holder.id, claim.id);
        Some(Cluster { first, on_this_site: holder.on_this_site, is_pending: own.open })
    }

    /// The article of `near`, where it still has the text that is near.
    fn current(&self, near: &Near) -> Option<Holder> {
        let own = self.accepted(near.id)?;
        let has_text = text_key(&own.content_hash) == near.text;
        has_text.then_some(Holder { id: near.id, on_this_site: near.on_this_site })
    }

    fn accepted(&self, id: ArticleId) -> Option<&Fingerprint> {
        self.fingerprint(id).filter(|own| own.is_accepted())
    }

    /// The article of which `id` is a copy.
    fn copied(&self, id: ArticleId) -> Option<ArticleId> {
        let verdict = self.fingerprint(id)?.verdict;
        verdict.of.filter(|_| verdict.is_copy())
    }

    /// The last article on the way from copies to the first that is known so far.
    fn end(&self, id: ArticleId) -> ArticleId {
        let mut end = id;
        for _ in 0..MAX_HOPS {
            match self.copied(end) {
                Some(of) => end = of,
                None => break,
            }
        }
        end
    }
}
