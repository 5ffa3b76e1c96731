//! Accepts an article from an HTTP client.

use std::time::Duration;

use courant_api::submissions::{Receipt, Submission};
use courant_article::{ArticleId, Decision, Entry};
use courant_bus::{Failure, MessageId, Subject, Subscription};
use courant_dedup::content_hash;
use courant_door::pressure::IntakeStatus;
use courant_door::{Decided, Grounds, Identity};
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use tokio::sync::{SemaphorePermit, TryAcquireError};
use tokio::time::Instant;

use super::Api;
use crate::error::{ApiError, RETRY_AFTER};

/// The decisions from now on, and a place to wait for one.
type Waiting<'a> = (Subscription<v1::EntryDecided>, SemaphorePermit<'a>);

/// Returns the receipt of a decision.
pub(crate) fn receipt_of(decided: v1::EntryDecided) -> Receipt {
    with_decision(receipt(decided.submission_id.clone(), String::new()), decided)
}

impl Api {
    /// Puts a submission into the queue, and waits up to `wait` for its decision.
    ///
    /// Once this returns `Ok`, the bus has it safe. Without a decision within
    /// `wait` the receipt has none; it falls later.
    pub(crate) async fn submit(
        &self,
        submission: Submission,
        wait: Duration,
    ) -> Result<Receipt, ApiError> {
        self.check_room()?;
        if submission.text.is_none() && submission.html.is_none() {
            return self.submit_address(submission, wait).await;
        }
        let (id, entry) = self.reader.whole_entry(submission).await?;
        let message_id = message_id(&entry, id);
        let receipt = receipt(entry.submission_id.clone(), id.to_string());
        // Listening before offering: the decision may fall at once.
        let waiting = if wait.is_zero() { None } else { Some(self.listen().await?) };
        let message = v1::Entry::from(entry.clone());
        let offered = self.bus.offer(Subject::ENTRY_SUBMITTED, &message_id, &message).await?;
        if offered.duplicate
            && let Some(decided) = self.decided_before(&entry).await?
        {
            return Ok(with_decision(receipt, decided));
        }
        Ok(decided_within(wait, receipt, waiting).await)
    }

    /// Asks the crawler for the page of a submission that is an address alone, and waits up to `wait`
    /// for the decision on it.
    async fn submit_address(
        &self,
        submission: Submission,
        wait: Duration,
    ) -> Result<Receipt, ApiError> {
        let (id, request) = self.reader.page_request(submission)?;
        let receipt = receipt(request.submission_id.clone(), id.to_string());
        let waiting = if wait.is_zero() { None } else { Some(self.listen().await?) };
        let message_id = MessageId::new(format!("{}:{id}:page", request.submission_id));
        self.bus.offer(Subject::CRAWL_REQUESTED, &message_id, &request).await?;
        Ok(decided_within(wait, receipt, waiting).await)
    }

    /// Puts a submission into the queue, and waits up to `wait` until its article is stored. The
    /// receipt of a stored article has the number of a change of the archive that includes it.
    /// An entry that becomes no article is answered at its decision.
    pub(crate) async fn submit_until_stored(
        &self,
        submission: Submission,
        wait: Duration,
    ) -> Result<Receipt, ApiError> {
        let started = Instant::now();
        let _place = self.waiting.try_acquire().map_err(too_many)?;
        let mut events = self.bus.subscribe(Subject::ARTICLE_STORED).await?;
        let receipt = self.submit(submission, wait).await?;
        let accepted = [Decision::New, Decision::Revision, Decision::Syndicated];
        let is_accepted = |name: &String| accepted.iter().any(|one| one.as_str() == name);
        if !receipt.decision.as_ref().is_some_and(is_accepted) {
            return Ok(receipt);
        }
        let is_stored = async {
            while let Some(event) = events.next().await {
                let stored: v1::ArticleStored = event;
                if stored.submission_id == receipt.submission_id {
                    return true;
                }
            }
            false
        };
        let left = wait.saturating_sub(started.elapsed());
        if tokio::time::timeout(left, is_stored).await != Ok(true) {
            return Ok(receipt);
        }
        let change = self.store.articles().head().await?.change;
        Ok(Receipt { change: Some(change), ..receipt })
    }

    /// The entry that a publisher sent to the bus as JSON. It comes again after a crash, so
    /// nothing of it may be made up: the publisher names the submission, and when it saw it.
    ///
    /// # Errors
    /// [`Failure::Discard`] with the reason, in words that the publisher can act on.
    pub(crate) fn entry_of_json(&self, json: &[u8]) -> Result<v1::Entry, Failure> {
        let submission: Submission = serde_json::from_slice(json).map_err(Failure::discard)?;
        for (name, value) in
            [("submission_id", &submission.submission_id), ("observed_at", &submission.observed_at)]
        {
            if value.is_none() {
                let hint = "an entry on the bus names it";
                return Err(Failure::discard(anyhow::anyhow!("{name} is missing; {hint}")));
            }
        }
        let (_, entry) = self.reader.entry(submission).map_err(Failure::discard)?;
        Ok(entry.into())
    }

    /// The decision on a submission that the bus had before, if it fell.
    pub(crate) async fn decided_before(
        &self,
        entry: &Entry,
    ) -> Result<Option<v1::EntryDecided>, ApiError> {
        let now_ms = self.clock.unix_ms();
        let identity = match Identity::of(entry, &self.config.rules()) {
            Ok(identity) => identity,
            Err(refusal) => return Ok(Some(Decided::Refused(refusal).event(entry, now_ms))),
        };
        // Boxed: the Postgres half of this future is large.
        let claim = identity.claim(entry, Vec::new());
        let ruling = Box::pin(self.store.claims().recall(&claim)).await?;
        Ok(ruling.map(|ruling| {
            let grounds = Grounds::of(&identity, &ruling.verdict, &[]);
            Decided::Judged(Box::new(identity), ruling, grounds).event(entry, now_ms)
        }))
    }

    pub(crate) fn check_room(&self) -> Result<(), ApiError> {
        let IntakeStatus { pressure, obstacle } = &*self.standing.borrow();
        if let Some(reason) = obstacle {
            return Err(ApiError::Blocked { reason: reason.clone(), after: RETRY_AFTER });
        }
        if pressure.level() == Level::Stop {
            return Err(ApiError::Busy { reason: pressure.reason.clone(), after: RETRY_AFTER });
        }
        Ok(())
    }

    async fn listen(&self) -> Result<Waiting<'_>, ApiError> {
        let place = self.waiting.try_acquire().map_err(too_many)?;
        Ok((self.bus.subscribe(Subject::ENTRY_DECIDED).await?, place))
    }
}

fn too_many(_: TryAcquireError) -> ApiError {
    let reason = "too many submissions wait for their decision; do not wait";
    ApiError::Busy { reason: reason.into(), after: RETRY_AFTER }
}

/// A repeated request is swallowed by the bus for a while; another article under
/// the same submission id is not.
fn message_id(entry: &Entry, id: ArticleId) -> MessageId {
    let text = content_hash(entry.text.as_str());
    MessageId::new(format!("{}:{id}:{text}:{}:submitted", entry.submission_id, entry.observed_at))
}

/// The receipt of a submission without a decision.
fn receipt(submission_id: String, article_id: String) -> Receipt {
    let (decision, of, reason, change) = (None, None, None, None);
    Receipt { submission_id, article_id, decision, of, reason, change }
}

/// The receipt with the decision, if it falls within `wait`.
async fn decided_within(wait: Duration, receipt: Receipt, waiting: Option<Waiting<'_>>) -> Receipt {
    let Some((decisions, _place)) = waiting else { return receipt };
    let decided = decision_on(&receipt.submission_id, decisions);
    match tokio::time::timeout(wait, decided).await {
        Ok(Some(decided)) => with_decision(receipt, decided),
        Ok(None) | Err(_) => receipt,
    }
}

async fn decision_on(
    submission_id: &str,
    mut decisions: Subscription<v1::EntryDecided>,
) -> Option<v1::EntryDecided> {
    loop {
        let decided = decisions.next().await?;
        if decided.submission_id == submission_id {
            return Some(decided);
        }
    }
}

fn with_decision(receipt: Receipt, decided: v1::EntryDecided) -> Receipt {
    let some_text = |text: String| (!text.is_empty()).then_some(text);
    let decision = Decision::try_from(decided.decision()).ok();
    Receipt {
        decision: decision.map(|decision| decision.to_string()),
        article_id: some_text(decided.article_id).unwrap_or(receipt.article_id),
        of: some_text(decided.of),
        reason: some_text(decided.reason),
        ..receipt
    }
}
