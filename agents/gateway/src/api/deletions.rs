//! Deletes articles, by name or by a question. The storage agent carries it out: its queue keeps the
//! request until it is done.

use std::time::Duration;

use courant_api::deletions::{Deletion, DeletionExample, DeletionRequest, DeletionState};
use courant_article::{ArticleId, ContentHash};
use courant_bus::{MessageId, Subject};
use courant_proto::v1;
use courant_query::Query;
use courant_search::{Listing, TimeCursor, TimeOrder};
use tokio::time::Instant;

use super::Api;
use crate::error::ApiError;

/// The most articles that one request deletes.
const MOST: u64 = 100_000;
/// The most articles of one command: their ids fit a message.
const PER_COMMAND: usize = 10_000;
/// Examples of a dry run.
const EXAMPLES: usize = 10;
/// The longest wait for the deletion of one article, before the answer says that it is requested.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);
const MAX_REASON_BYTES: usize = 64;
const UNSTATED: &str = "unstated";

impl Api {
    /// Deletes the article that a person named, and waits for it for a while.
    pub(crate) async fn delete_article(
        &self,
        id: &str,
        reason: &str,
        requested_by: &str,
    ) -> Result<Deletion, ApiError> {
        let reason = checked_reason(reason)?;
        let id = self.id_of(id).await?;
        let is_claimed = self.store.claims().are_claimed(&[id]).await? == [true];
        if !is_claimed && self.store.articles().get(id).await?.is_none() {
            return Err(ApiError::NoArticle(id.to_string()));
        }
        self.request_deletion(&[id], reason, requested_by).await?;
        let state = self.deleted_within(id, PATIENCE).await?;
        Ok(Deletion { articles: 1, state, examples: Vec::new() })
    }

    /// Deletes all articles that fulfil a question, or counts them in a dry run.
    pub(crate) async fn delete_by_query(
        &self,
        request: &DeletionRequest,
        requested_by: &str,
    ) -> Result<Deletion, ApiError> {
        if request.q.trim().is_empty() && request.filters.is_empty() {
            return Err(ApiError::Invalid("give a question: nothing is deleted without".into()));
        }
        let reason = checked_reason(&request.reason)?;
        let query = self.query(&request.q, &request.filters)?;
        if request.dry_run {
            return self.count_deletions(query).await;
        }
        self.search.ready().map_err(ApiError::Search)?;
        let ids = self.all_that_fulfil(&query).await?;
        if let Some(expected) = request.expect
            && expected != ids.len() as u64
        {
            let message = format!("{} articles fulfil it, not {expected}", ids.len());
            return Err(ApiError::Conflict(message));
        }
        for part in ids.chunks(PER_COMMAND) {
            self.request_deletion(part, reason, requested_by).await?;
        }
        let state = match ids.last() {
            Some(last) => self.deleted_within(*last, PATIENCE).await?,
            None => DeletionState::Deleted,
        };
        Ok(Deletion { articles: ids.len() as u64, state, examples: Vec::new() })
    }

    async fn count_deletions(&self, query: Query) -> Result<Deletion, ApiError> {
        let listing = Listing { query, order: TimeOrder::Newest, after: None, limit: EXAMPLES };
        let page = self.search.list(&listing).await?;
        let example = |hit: courant_search::Hit| DeletionExample {
            id: hit.id.to_string(),
            url: hit.url,
            title: hit.title.text,
        };
        let examples = page.hits.into_iter().map(example).collect();
        Ok(Deletion { articles: page.total, state: DeletionState::Counted, examples })
    }

    /// The ids of the articles that fulfil a question, the oldest first.
    async fn all_that_fulfil(&self, query: &Query) -> Result<Vec<ArticleId>, ApiError> {
        let (mut ids, mut after) = (Vec::new(), None::<TimeCursor>);
        loop {
            let (order, limit) = (TimeOrder::Oldest, PER_COMMAND);
            let (total, places) =
                self.search.places(&Listing { query: query.clone(), order, after, limit }).await?;
            if total > MOST {
                let message = format!("{total} articles fulfil it; delete at most {MOST} at once");
                return Err(ApiError::Invalid(message));
            }
            ids.extend(places.iter().map(|place| place.id));
            match places.last() {
                Some(last) if places.len() == limit => after = Some(*last),
                _ => return Ok(ids),
            }
        }
    }

    async fn request_deletion(
        &self,
        ids: &[ArticleId],
        reason: &str,
        requested_by: &str,
    ) -> Result<(), ApiError> {
        let Some(first) = ids.first() else { return Ok(()) };
        let id = MessageId::new(format!("delete:{first}:{}", self.clock.unix_ms()));
        let command = v1::DeleteArticles {
            ids: ids.iter().map(ToString::to_string).collect(),
            reason: reason.to_owned(),
            requested_by: requested_by.to_owned(),
        };
        self.bus.offer(Subject::DELETE_ARTICLES, &id, &command).await?;
        Ok(())
    }

    /// Waits until the article is deleted.
    async fn deleted_within(
        &self,
        id: ArticleId,
        patience: Duration,
    ) -> Result<DeletionState, ApiError> {
        let started = Instant::now();
        let no_text = ContentHash::from_bytes([0; 16]);
        while !self.store.claims().is_deleted(id, no_text).await? {
            if started.elapsed() >= patience {
                return Ok(DeletionState::Requested);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(DeletionState::Deleted)
    }
}

fn checked_reason(reason: &str) -> Result<&str, ApiError> {
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_');
    match reason {
        "" => Ok(UNSTATED),
        code if code.len() <= MAX_REASON_BYTES && code.bytes().all(is_plain) => Ok(code),
        _ => Err(ApiError::Invalid(format!(
            "reason is a code of letters, digits, - and _, at most {MAX_REASON_BYTES}; it stands in \
             the log, where no text of an article may stand"
        ))),
    }
}
