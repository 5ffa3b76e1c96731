//! The duplicate index. It records the present claim on each URL.
//!
//! A claim is recorded at the door, before its article is stored; until then it is
//! *open*. The store closes it together with the article. Where nothing is left that could
//! store the article, the claim is released: the record says again what is stored, or
//! that nothing is. So whatever is recorded as accepted is there or on its way, and a text that
//! only an older version had is no longer known.

use std::collections::HashMap;

use courant_article::{ArticleId, ContentHash, Revision};

use crate::claim::{Claim, NearArticle, Verdict, text_key};

/// Copies of copies that are followed to the first article.
const MAX_HOPS: usize = 4;

/// The record of the present claim on a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash of the text.
    pub content_hash: ContentHash,
    /// The time of observation that the sender of the claim stated. The same claim again gets
    /// the same ruling.
    pub observed: Revision,
    /// The revision of the article, the greatest that was ever assigned.
    pub revision: Revision,
    /// The newest observation of any text at this URL. Older observations are stale. If it lies
    /// in the future, because a clock stepped back, it is ignored.
    pub seen: Revision,
    /// The verdict.
    pub verdict: Verdict,
    /// True until the article is stored in this revision.
    pub open: bool,
}

impl Fingerprint {
    fn is_accepted(&self) -> bool {
        self.verdict.decision.is_accepted()
    }
}

/// An accepted article that has the claimed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextHolder {
    /// The article. It is never the one of the claim.
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

/// The part of the duplicate index that is needed to judge a claim.
#[derive(Clone, Debug)]
pub struct ClaimContext {
    exact: Option<TextHolder>,
    /// `None` for an article without a claim.
    fingerprints: HashMap<ArticleId, Option<Fingerprint>>,
}

impl ClaimContext {
    /// Starts without fingerprints. `exact`: an article with exactly the same text, preferably
    /// of the claim's own site.
    pub fn new(exact: Option<TextHolder>) -> Self {
        Self { exact, fingerprints: HashMap::new() }
    }

    /// Returns the articles whose fingerprints must still be added with [`Self::learn`] before
    /// `claim` can be judged. Empty at the end.
    pub fn missing(&self, claim: &Claim) -> Vec<ArticleId> {
        let met = self.exact.iter().map(|holder| holder.id);
        let met = met.chain(claim.near.iter().map(|near| near.id)).chain([claim.id]);
        self.missing_of(met)
    }

    /// Returns the articles whose fingerprints [`Self::stands`] still needs for `ids`.
    pub fn missing_of(&self, ids: impl IntoIterator<Item = ArticleId>) -> Vec<ArticleId> {
        let ends = ids.into_iter().map(|id| self.end(id));
        let mut missing: Vec<ArticleId> =
            ends.filter(|id| !self.fingerprints.contains_key(id)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Adds the fingerprints of `asked`. Articles that are not in `found` have no claim.
    pub fn learn(
        &mut self,
        asked: &[ArticleId],
        found: impl IntoIterator<Item = (ArticleId, Fingerprint)>,
    ) {
        self.fingerprints.extend(asked.iter().map(|id| (*id, None)));
        self.fingerprints.extend(found.into_iter().map(|(id, found)| (id, Some(found))));
    }

    /// Returns true if the article `id`, or its original, is stored or on its way.
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

    fn met(&self, holder: TextHolder, claim: &Claim) -> Option<Cluster> {
        let own = self.accepted(holder.id)?;
        let first = self.first(holder.id, claim.id);
        Some(Cluster { first, on_this_site: holder.on_this_site, is_pending: own.open })
    }

    /// The article of `near`, where it still has the text that is near.
    fn current(&self, near: &NearArticle) -> Option<TextHolder> {
        let own = self.accepted(near.id)?;
        let has_text = text_key(&own.content_hash) == near.text;
        has_text.then_some(TextHolder { id: near.id, on_this_site: near.on_this_site })
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
