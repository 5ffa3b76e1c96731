//! Decisions on entries: why one was let in, called a copy, or refused.

use courant_api::decisions::{DecisionView, DecisionsAnswer};
use courant_article::ArticleId;
use courant_search::{DecidedEntry, DecisionKey};

use super::Api;
use super::articles::canonical;
use super::passage::shared_passage;
use super::view::rfc_3339;
use crate::error::ApiError;

/// The most decisions in an answer.
const MAX_DECISIONS: usize = 100;

/// The entry whose decisions are asked for: one of these.
#[derive(Clone, Debug, Default)]
pub(crate) struct DecisionRequest {
    pub(crate) article: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) submission: Option<String>,
    pub(crate) limit: usize,
}

impl Api {
    /// The decisions on an article's address or on a submission, and on copies of the article.
    pub(crate) async fn decisions(
        &self,
        request: DecisionRequest,
    ) -> Result<DecisionsAnswer, ApiError> {
        if !(1..=MAX_DECISIONS).contains(&request.limit) {
            let message = format!("limit is {}; give 1 to {MAX_DECISIONS}", request.limit);
            return Err(ApiError::Invalid(message));
        }
        let key = match (request.article, request.url, request.submission) {
            (Some(id), None, None) => DecisionKey::Article(self.id_of(&id).await?),
            (None, Some(url), None) => DecisionKey::Article(ArticleId::of(&canonical(&url)?)),
            (None, None, Some(name)) => DecisionKey::Submission(name),
            _ => {
                let message = "give one of article (an id), url or submission";
                return Err(ApiError::Invalid(message.into()));
            }
        };
        let found = self.search.decisions().find(key, request.limit).await?;
        let mut decisions = Vec::with_capacity(found.len());
        for decided in found {
            let shared_passage = self.passage_of(&decided).await?;
            decisions.push(decision_view(decided, shared_passage));
        }
        Ok(DecisionsAnswer { decisions })
    }

    /// The passage that a copy shares with the first article. A duplicate has no stored text.
    async fn passage_of(&self, decided: &DecidedEntry) -> Result<Option<String>, ApiError> {
        let (Some(own), Some(first)) = (decided.own_id, decided.of) else { return Ok(None) };
        if own == first {
            return Ok(None);
        }
        let texts = self.store.articles().excerpts(&[own, first]).await?;
        let text = |id| texts.iter().find(|article| article.id == id).map(|article| &*article.text);
        let both = text(own).zip(text(first));
        Ok(both.and_then(|(own, first)| shared_passage(own, first)))
    }
}

/// Shows a decision.
pub(crate) fn decision_view(decided: DecidedEntry, shared_passage: Option<String>) -> DecisionView {
    DecisionView {
        submission_id: decided.submission_id,
        url: decided.url,
        decided_at: rfc_3339(decided.decided_at_ms),
        decision: decided.decision,
        rule: (!decided.rule.is_empty()).then_some(decided.rule),
        article_id: decided.article_id.map(|id| id.to_string()),
        of: decided.of.map(|id| id.to_string()),
        containment: decided.containment,
        shared_passage,
        reason: decided.reason,
    }
}
