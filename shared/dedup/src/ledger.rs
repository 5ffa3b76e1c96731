//! A duplicate index in memory, for tools and measurements. Services keep the same records in
//! the store.

use std::collections::HashMap;

use courant_article::{ArticleId, CanonicalUrl, ContentHash, Revision};

use crate::claim::{Claim, NearArticle, Verdict, text_key};
use crate::fingerprint::{ClaimContext, Fingerprint, TextHolder};
use crate::judge::{Effect, judge};
use crate::{NearConfig, NearIndex, Sketch, SketchedText, normalize_text, registered_domain};

/// A duplicate index in memory.
#[derive(Debug)]
pub struct Ledger {
    config: NearConfig,
    fingerprints: HashMap<ArticleId, Fingerprint>,
    /// The articles that were accepted with a text, and their sites.
    texts: HashMap<ContentHash, Vec<(ArticleId, String)>>,
    near: NearIndex,
}

/// A verdict with the similarity behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredVerdict {
    /// The decision.
    pub verdict: Verdict,
    /// The share of the shorter text that stands in the longer one: 1 for the same
    /// text; `None` where no text was matched.
    pub score: Option<f32>,
}

impl Ledger {
    /// Makes an empty index.
    pub fn new(config: &NearConfig) -> Self {
        Self {
            config: config.clone(),
            fingerprints: HashMap::new(),
            texts: HashMap::new(),
            near: NearIndex::new(config),
        }
    }

    /// Judges the text that was observed at `url` at `revision`, and records it.
    pub fn judge(&mut self, url: &CanonicalUrl, text: &str, revision: Revision) -> ScoredVerdict {
        let text = normalize_text(text);
        let sketch = Sketch::of(&text, self.config.min_words);
        let (id, site) = (ArticleId::of(url), registered_domain(url));
        let content_hash = ContentHash::of_normalized(&text);
        let (near, containment) = self.near(id, &site, &content_hash, sketch.as_ref());
        let claim = Claim { id, content_hash, observed: revision, site, sketch, near };
        let knew_text = self.texts.contains_key(&content_hash);
        let verdict = self.claim(&claim);
        let is_copy = verdict.is_copy();
        let score = if knew_text { Some(1.0) } else { containment };
        ScoredVerdict { verdict, score: score.filter(|_| is_copy) }
    }

    /// Returns the index of sketches.
    pub fn index(&self) -> &NearIndex {
        &self.near
    }

    fn near(
        &mut self,
        id: ArticleId,
        site: &str,
        content_hash: &ContentHash,
        sketch: Option<&Sketch>,
    ) -> (Vec<NearArticle>, Option<f32>) {
        let Some(sketch) = sketch else { return (Vec::new(), None) };
        let (site, sketch) = (site.to_owned(), sketch.clone());
        let offer = SketchedText { id, text: text_key(content_hash), site, sketch };
        let matches = self.near.offer(&offer, 0);
        let containment = matches.iter().map(|found| found.containment).reduce(f32::max);
        (NearArticle::of(&matches), containment)
    }

    fn claim(&mut self, claim: &Claim) -> Verdict {
        let (ruling, effect) = judge(claim, &self.known(claim), i64::MAX);
        match effect {
            Effect::Keep => {}
            Effect::See(observed) => self.see(claim, observed),
            Effect::Record { seen } => self.record(claim, ruling.verdict, ruling.revision, seen),
        }
        ruling.verdict
    }

    fn known(&self, claim: &Claim) -> ClaimContext {
        let mut known = ClaimContext::new(self.holder(claim));
        loop {
            let asked = known.missing(claim);
            if asked.is_empty() {
                return known;
            }
            let found = asked.iter().filter_map(|id| self.fingerprints.get_key_value(id));
            let found: Vec<_> = found.map(|(id, print)| (*id, print.clone())).collect();
            known.learn(&asked, found);
        }
    }

    fn holder(&self, claim: &Claim) -> Option<TextHolder> {
        let holders = self.texts.get(&claim.content_hash)?.iter();
        let holders = holders
            .filter(|(id, _)| *id != claim.id)
            .map(|(id, site)| TextHolder { id: *id, on_this_site: *site == claim.site });
        // The first of equal ones is the last in reverse.
        holders.rev().max_by_key(|holder| holder.on_this_site)
    }

    fn see(&mut self, claim: &Claim, observed: Revision) {
        if let Some(known) = self.fingerprints.get_mut(&claim.id) {
            known.seen = observed;
        }
    }

    /// Here, everything that was let in counts as stored.
    fn record(&mut self, claim: &Claim, verdict: Verdict, revision: Revision, seen: Revision) {
        let &Claim { id, content_hash, observed, .. } = claim;
        let fingerprint =
            Fingerprint { content_hash, observed, revision, seen, verdict, open: false };
        let before = self.fingerprints.insert(id, fingerprint);
        if let Some(before) = before
            && let Some(holders) = self.texts.get_mut(&before.content_hash)
        {
            holders.retain(|(holder, _)| *holder != id);
        }
        if verdict.decision.is_accepted() {
            self.texts.entry(content_hash).or_default().push((id, claim.site.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use courant_article::Decision;

    use crate::canonicalize;

    use super::*;

    fn text(range: std::ops::Range<u32>) -> String {
        range.map(|number| format!("word{number} ")).collect()
    }

    /// Judges each (URL, text) at the next moment.
    fn decisions<const N: usize>(
        claims: [(&str, String); N],
    ) -> [(Decision, Option<ArticleId>, Option<f32>); N] {
        let mut ledger = Ledger::new(&NearConfig::default());
        let mut now = 0;
        claims.map(|(url, text)| {
            now += 1;
            let judged = ledger.judge(&canonicalize(url).unwrap(), &text, Revision(now));
            (judged.verdict.decision, judged.verdict.of, judged.score)
        })
    }

    fn id(url: &str) -> ArticleId {
        ArticleId::of(&canonicalize(url).unwrap())
    }

    const A: &str = "https://a.example/x";
    const PRINT: &str = "https://a.example/x/print";
    const B: &str = "https://b.example/x";
    const C: &str = "https://c.example/x";

    #[test]
    fn a_near_text_is_a_duplicate_on_its_site_and_syndicated_on_another() {
        let [new, print, copy, own] = decisions([
            (A, text(0..200)),
            (PRINT, text(0..180)),
            (B, text(10..210)),
            (C, text(1000..1200)),
        ]);
        assert_eq!(new, (Decision::New, None, None));
        assert_eq!((print.0, print.1), (Decision::Duplicate, Some(id(A))));
        assert!(print.2.is_some_and(|score| score == 1.0));
        assert_eq!((copy.0, copy.1), (Decision::Syndicated, Some(id(A))));
        assert!(copy.2.is_some_and(|score| (0.8..1.0).contains(&score)));
        assert_eq!(own, (Decision::New, None, None));
    }

    #[test]
    fn a_changed_text_at_the_same_url_is_a_revision_however_near() {
        let [_, longer, near_again] =
            decisions([(A, text(0..200)), (A, text(0..220)), (A, text(0..221))]);
        assert_eq!(longer, (Decision::Revision, Some(id(A)), None));
        assert_eq!(near_again, (Decision::Revision, Some(id(A)), None));
    }

    #[test]
    fn a_copy_of_a_copy_is_linked_to_the_first() {
        let [_, copy, of_copy] =
            decisions([(A, text(0..200)), (B, text(60..260)), (C, text(120..320))]);
        assert_eq!((copy.0, copy.1), (Decision::Syndicated, Some(id(A))));
        assert_eq!((of_copy.0, of_copy.1), (Decision::Syndicated, Some(id(A))));
    }

    #[test]
    fn an_exact_copy_of_a_near_copy_has_the_same_first() {
        let short = "Four words and more.";
        let [_, _, again, brief, same_brief] = decisions([
            (A, text(0..200)),
            (PRINT, text(5..200)),
            ("https://a.example/y", text(5..200)),
            (B, short.into()),
            (C, short.into()),
        ]);
        assert_eq!(again, (Decision::Duplicate, Some(id(A)), Some(1.0)));
        assert_eq!(brief, (Decision::New, None, None));
        assert_eq!(same_brief, (Decision::Syndicated, Some(id(B)), Some(1.0)), "short, but equal");
    }
}
