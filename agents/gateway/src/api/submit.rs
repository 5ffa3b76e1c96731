//! Accepts an article from an HTTP client.

use std::sync::atomic::Ordering;
use std::time::Duration;

use courant_api::submissions::{Receipt, Submission};
use courant_article::{
    ArticleId, Decision, Entry, Evidence, FeedFields, MAX_TAGS, PageFields, PublishedAt, Revision,
    Text, is_on_the_web,
};
use courant_bus::{Failure, MessageId, Subject, Subscription};
use courant_dedup::{canonical_url, content_hash};
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use tokio::sync::{SemaphorePermit, TryAcquireError};
use tokio::time::Instant;

use super::Api;
use crate::decide::{Decided, Grounds, Identity};
use crate::error::{ApiError, RETRY_AFTER};
use crate::pressure::IntakeStatus;

/// A longer headline or name is a mistake.
const MAX_FIELD_CHARS: usize = 2_000;
/// A longer tag or section is a mistake.
const MAX_TAG_CHARS: usize = 100;
/// More authors are a mistake.
const MAX_AUTHORS: usize = 50;
/// A longer name of a submission is a mistake.
const MAX_SUBMISSION_ID_CHARS: usize = 200;

/// Returns the receipt of a decision.
pub(crate) fn receipt_of(decided: v1::EntryDecided) -> Receipt {
    let receipt = Receipt {
        submission_id: decided.submission_id.clone(),
        article_id: String::new(),
        decision: None,
        of: None,
        reason: None,
        change: None,
    };
    with_decision(receipt, decided)
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
        let (id, entry) = self.entry(submission)?;
        let message_id = message_id(&entry, id);
        let receipt = Receipt {
            submission_id: entry.submission_id.clone(),
            article_id: id.to_string(),
            decision: None,
            of: None,
            reason: None,
            change: None,
        };
        // Listening before offering: the decision may fall at once.
        let waiting = if wait.is_zero() { None } else { Some(self.listen().await?) };
        let message = v1::Entry::from(entry.clone());
        let offered = self.bus.offer(Subject::ENTRY_SUBMITTED, &message_id, &message).await?;
        if offered.duplicate
            && let Some(decided) = self.decided_before(&entry).await?
        {
            return Ok(with_decision(receipt, decided));
        }
        let Some((decisions, _place)) = waiting else {
            return Ok(receipt);
        };
        let decided = decision_on(&receipt.submission_id, decisions);
        match tokio::time::timeout(wait, decided).await {
            Ok(Some(decided)) => Ok(with_decision(receipt, decided)),
            Ok(None) | Err(_) => Ok(receipt),
        }
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
        let (_, entry) = self.entry(submission).map_err(Failure::discard)?;
        Ok(entry.into())
    }

    /// The decision on a submission that the bus had before, if it fell.
    pub(crate) async fn decided_before(
        &self,
        entry: &Entry,
    ) -> Result<Option<v1::EntryDecided>, ApiError> {
        let now_ms = self.clock.unix_ms();
        let identity = match Identity::of(entry, &self.config) {
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

    async fn listen(
        &self,
    ) -> Result<(Subscription<v1::EntryDecided>, SemaphorePermit<'_>), ApiError> {
        let place = self.waiting.try_acquire().map_err(too_many)?;
        Ok((self.bus.subscribe(Subject::ENTRY_DECIDED).await?, place))
    }

    /// The entry of a submission, and the id by which its article will be found.
    pub(crate) fn entry(&self, submission: Submission) -> Result<(ArticleId, Entry), ApiError> {
        check_fields(&submission)?;
        let declared = submission.declared_canonical_url.as_deref();
        let url = canonical_url(&submission.url, declared)
            .map_err(|error| invalid("url", &error, "give the article's http or https address"))?;
        let id = ArticleId::of(&url);
        let now = self.clock.now();
        let observed_at = match submission.observed_at.as_deref() {
            None => now,
            Some(time) => time.parse::<jiff::Timestamp>().map_err(|error| {
                invalid("observed_at", &error, "give RFC 3339 with an offset, or leave it out")
            })?,
        };
        let ahead_s = observed_at.duration_since(now).as_secs();
        if u64::try_from(ahead_s).is_ok_and(|ahead_s| ahead_s > self.config.max_ahead_s) {
            let error = format!("it lies {ahead_s} s ahead of the clock here");
            return Err(invalid("observed_at", &error, "give when it was seen, or leave it out"));
        }
        let published_at = time("published_at", submission.published_at)?;
        let modified_at = time("modified_at", submission.modified_at)?;
        let submission_id = submission.submission_id.unwrap_or_else(|| {
            let number = self.submissions.fetch_add(1, Ordering::Relaxed);
            format!("{id}-{:x}-{number:x}", now.as_millisecond())
        });
        let entry = Entry {
            submission_id,
            url: submission.url,
            declared_canonical_url: submission.declared_canonical_url,
            title: submission.title,
            authors: submission.authors,
            published_at,
            language: submission.language,
            site_name: submission.site_name,
            text: Text::new(submission.text),
            observed_at: Revision(observed_at.as_millisecond()),
            source: submission.source.unwrap_or_else(|| "api".into()),
            page: PageFields {
                image: submission.image,
                tags: submission.tags,
                section: submission.section,
                modified_at,
                paywalled: submission.paywalled,
            },
            feed: FeedFields::default(),
            evidence: Evidence::default(),
        };
        Ok((id, entry))
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

fn check_fields(submission: &Submission) -> Result<(), ApiError> {
    let too_long = |field: &str, most: usize| {
        ApiError::Invalid(format!("{field} is longer than {most} characters; shorten it"))
    };
    if submission.authors.len() > MAX_AUTHORS {
        let message = format!("there are more than {MAX_AUTHORS} authors; leave some out");
        return Err(ApiError::Invalid(message));
    }
    if submission.tags.len() > MAX_TAGS {
        let message = format!("there are more than {MAX_TAGS} tags; leave some out");
        return Err(ApiError::Invalid(message));
    }
    for tag in &submission.tags {
        if is_longer(tag, MAX_TAG_CHARS) {
            return Err(too_long("a tag", MAX_TAG_CHARS));
        }
    }
    if submission.section.as_ref().is_some_and(|section| is_longer(section, MAX_TAG_CHARS)) {
        return Err(too_long("section", MAX_TAG_CHARS));
    }
    check_image(submission.image.as_deref())?;
    for author in &submission.authors {
        if is_longer(author, MAX_FIELD_CHARS) {
            return Err(too_long("an author", MAX_FIELD_CHARS));
        }
    }
    let fields = [
        ("title", Some(&submission.title)),
        ("language", submission.language.as_ref()),
        ("site_name", submission.site_name.as_ref()),
        ("source", submission.source.as_ref()),
        ("declared_canonical_url", submission.declared_canonical_url.as_ref()),
    ];
    for (name, value) in fields {
        if value.is_some_and(|value| is_longer(value, MAX_FIELD_CHARS)) {
            return Err(too_long(name, MAX_FIELD_CHARS));
        }
    }
    let id = submission.submission_id.as_deref();
    if id.is_some_and(|id| is_longer(id, MAX_SUBMISSION_ID_CHARS)) {
        return Err(too_long("submission_id", MAX_SUBMISSION_ID_CHARS));
    }
    if id.is_some_and(|id| id.is_empty() || id.chars().any(char::is_control)) {
        let message = "submission_id is empty or has control characters; use letters and digits";
        return Err(ApiError::Invalid(message.into()));
    }
    if submission.text.trim().is_empty() {
        return Err(ApiError::Invalid("text is empty; give the article's plain text".into()));
    }
    Ok(())
}

fn check_image(image: Option<&str>) -> Result<(), ApiError> {
    let Some(image) = image else { return Ok(()) };
    if is_longer(image, MAX_FIELD_CHARS) || !is_on_the_web(image) {
        let message = "image is no http or https address, or too long; leave it out";
        return Err(ApiError::Invalid(message.into()));
    }
    Ok(())
}

fn is_longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

fn time(field: &str, text: Option<String>) -> Result<Option<PublishedAt>, ApiError> {
    let fix = "give RFC 3339 with an offset, or a date alone";
    text.map(|text| text.parse()).transpose().map_err(|error| invalid(field, &error, fix))
}

fn invalid(field: &str, error: &dyn std::fmt::Display, fix: &str) -> ApiError {
    ApiError::Invalid(format!("{field}: {error}; {fix}"))
}
