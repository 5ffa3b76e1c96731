//! The reasons for the decision on an article, from the index of decisions and from the store.

use courant_api::articles::CopyView;
use courant_api::decisions::DecisionAnswer;
use courant_article::{ArticleId, Decision};
use courant_dedup::registered_domain;
use courant_search::{DecidedEntry, DecisionKey};
use courant_store::{Fingerprint, StoredArticle};

use super::Api;
use super::articles::canonical;
use super::view::{copy_view, rfc_3339};
use crate::error::ApiError;

/// The decisions among which the latest on an entry of its own is looked for. The others are on
/// copies.
const MAX_DECISIONS: usize = 100;
/// The most copies of an article that an explanation names.
const MAX_COPIES: usize = 20;

/// An article named by its id, or by its address in any form.
#[derive(Clone, Debug)]
pub(crate) enum ArticleName {
    Id(String),
    Url(String),
}

/// The parts of the store that bear on the decision.
struct Facts {
    id: ArticleId,
    canonical_url: Option<String>,
    /// The registered domain of the address, if it is known.
    site: Option<String>,
    article: Option<StoredArticle>,
    /// The number of earlier versions.
    revisions: usize,
    claim: Option<Fingerprint>,
    original: Option<StoredArticle>,
    copies: Vec<CopyView>,
    /// The latest decision on an entry from the address, if it is of the last week.
    latest: Option<DecidedEntry>,
}

impl Api {
    /// Explains the decision on an article, or on an address that is not stored.
    pub(crate) async fn decision(&self, name: &ArticleName) -> Result<DecisionAnswer, ApiError> {
        let facts = Box::pin(self.facts(name)).await?;
        let decision = facts.decision();
        Ok(DecisionAnswer {
            id: facts.id.to_string(),
            decision: facts.decision_name(decision).to_owned(),
            stored: facts.article.is_some(),
            reasons: facts.reasons(decision),
            canonical_url: facts.canonical_url,
            article: facts.article.as_ref().map(brief),
            original: facts.original.as_ref().map(brief),
            copies: facts.copies,
        })
    }

    async fn facts(&self, name: &ArticleName) -> Result<Facts, ApiError> {
        let (id, canonical) = match name {
            ArticleName::Id(id) => (self.id_of(id).await?, None),
            ArticleName::Url(url) => {
                let canonical = canonical(url)?;
                (ArticleId::of(&canonical), Some(canonical))
            }
        };
        let articles = self.store.articles();
        let article = articles.get(id).await?;
        let claims = self.store.claims().fingerprints(&[id]).await?;
        let claim = claims.into_iter().next().map(|(_, claim)| claim);
        let of = claim.as_ref().and_then(|claim| claim.verdict.of);
        let of = article.as_ref().and_then(|stored| stored.article.syndicated_of).or(of);
        let original = match of.filter(|of| *of != id) {
            Some(of) => articles.get(of).await?,
            None => None,
        };
        let decided = self.search.decisions().find(DecisionKey::Article(id), MAX_DECISIONS).await?;
        let latest = decided.into_iter().find(|decided| decided.own_id == Some(id));
        let (mut copies, mut revisions) = (Vec::new(), 0);
        if let Some(stored) = article.as_ref().or(original.as_ref()) {
            let found = self.search.copies(&stored.article, MAX_COPIES).await?;
            copies.extend(found.into_iter().map(copy_view));
        }
        if article.is_some() {
            revisions = articles.revisions(id, super::articles::MAX_REVISIONS).await?.len();
        }
        let site = canonical.as_ref().map(registered_domain);
        let canonical_url = canonical.map(|url| url.to_string());
        Ok(Facts { id, canonical_url, site, article, revisions, claim, original, copies, latest })
    }
}

impl Facts {
    /// The decision on the present version. `None` if nothing is known of the article.
    fn decision(&self) -> Option<Decision> {
        let stored = self.article.as_ref().map(|stored| stored.article.decision);
        stored.or(self.claim.as_ref().map(|claim| claim.verdict.decision))
    }

    /// The name of the decision. An address whose only entry was refused has no other one.
    fn decision_name(&self, decision: Option<Decision>) -> &'static str {
        match decision {
            Some(decision) => decision.as_str(),
            None if self.refusal().is_some() => Decision::Refused.as_str(),
            None => "unknown",
        }
    }

    /// Says why the latest entry from the address was refused, if it was.
    fn refusal(&self) -> Option<String> {
        let latest = self.latest.as_ref()?;
        (latest.decision == Decision::Refused.as_str()).then(|| {
            let reason = latest.reason.as_deref().unwrap_or("no reason is known");
            let at = rfc_3339(latest.decided_at_ms);
            format!("the entry of {at} from this address was refused: {reason}")
        })
    }

    fn reasons(&self, decision: Option<Decision>) -> Vec<String> {
        let Some(decision) = decision else {
            let nothing = "nothing came from this address in the last week: no source led to it";
            return vec![self.refusal().unwrap_or_else(|| nothing.to_owned())];
        };
        let mut reasons = vec![match decision {
            Decision::New => "no article that was known then had this text".to_owned(),
            Decision::Revision => format!(
                "the address was known and its text had changed; {} earlier versions are kept",
                self.revisions
            ),
            Decision::Syndicated => {
                format!("another publisher had {} first", self.same_text())
            }
            Decision::Duplicate => self.duplicate(),
            Decision::Refused => "the entry was refused".to_owned(),
        }];
        reasons.extend(self.refusal());
        reasons.extend(self.seen_again());
        if self.article.is_none() && decision.is_accepted() {
            reasons.push("it was let in and is on its way to the store".to_owned());
        }
        reasons
    }

    fn duplicate(&self) -> String {
        let of_site = match &self.site {
            Some(site) => format!("another address of {site}"),
            None => "another address of the same publisher".to_owned(),
        };
        match &self.original {
            Some(_) => format!(
                "{of_site} had {} first; only the first address is stored",
                self.same_text()
            ),
            None => {
                "its article was lost on the way or deleted; sent again, it is let in".to_owned()
            }
        }
    }

    /// Says how near the text is to that of the original.
    fn same_text(&self) -> String {
        if let Some(shared) = self.latest.as_ref().and_then(|latest| latest.containment) {
            let percent = (shared * 100.0).round();
            return format!(
                "nearly the same text ({percent} % of the shorter one stand in the other)"
            );
        }
        let original = self.original.as_ref().map(|stored| stored.article.content_hash);
        let own = self.article.as_ref().map(|stored| stored.article.content_hash);
        let own = own.or(self.claim.as_ref().map(|claim| claim.content_hash));
        let is_same = own.is_some() && own == original;
        if is_same { "the very same text" } else { "nearly the same text" }.to_owned()
    }

    /// Tells of later visits that brought nothing new.
    fn seen_again(&self) -> Option<String> {
        let claim = self.claim.as_ref()?;
        (claim.seen > claim.observed).then(|| {
            format!(
                "it was seen again without a change, last at {}: such a sighting is a duplicate \
                 of the article itself",
                rfc_3339(claim.seen.0)
            )
        })
    }
}

fn brief(stored: &StoredArticle) -> CopyView {
    let article = &stored.article;
    CopyView {
        id: article.id.to_string(),
        url: article.url.clone(),
        title: article.title.clone(),
        site_name: article.site_name.clone(),
        published_at: article.published_at.clone().map(String::from),
    }
}
