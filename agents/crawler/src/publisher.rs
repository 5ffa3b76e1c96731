//! Publishes entries on the bus and remembers the visits that led to them.

use std::sync::{Arc, Mutex, PoisonError};

use courant_article::{ContentHash, Entry, Revision};
use courant_bus::{Bus, MessageId, PublishError, Subject};
use courant_dedup::normalize_text;
use courant_proto::v1;
use courant_telemetry::Clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::error::Error;
use crate::memory::{Memory, Remembered};
use crate::metrics::Metrics;
use crate::outcome::{Ended, Refusal};
use crate::page::Page;
use crate::validators::Validators;

/// Hashes the URL, title and text of an entry. The hash stays the same from crawl to crawl while
/// none of them changes.
pub(crate) fn content_of(entry: &Entry) -> ContentHash {
    let text = normalize_text(entry.text.as_str());
    ContentHash::of_normalized(&format!("{}\n{}\n{text}", entry.url, normalize_text(&entry.title)))
}

/// Publishes articles on the bus, and remembers visits whose articles the bus acknowledged.
pub(crate) struct Publisher {
    bus: Bus,
    clock: Clock,
    memory: Arc<Memory>,
    metrics: Metrics,
    /// Cancelled if the bus fails for good: the crawl ends.
    stop: CancellationToken,
    failure: Mutex<Option<Error>>,
}

impl Publisher {
    pub(crate) fn new(
        bus: Bus,
        clock: Clock,
        memory: Arc<Memory>,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Self {
        Self { bus, clock, memory, metrics, stop, failure: Mutex::default() }
    }

    /// Publishes `entry` under its own ID, or one that `content` determines. Waits while the bus has no room.
    /// Sets the observation time to now if the entry has none.
    ///
    /// The entry is safe on the bus when this returns `Ok`. If the bus fails for good, the whole
    /// crawl ends.
    pub(crate) async fn submit(&self, mut entry: Entry, content: ContentHash) -> Result<(), Ended> {
        if entry.submission_id.is_empty() {
            entry.submission_id = content.to_string();
        }
        if entry.observed_at == Revision::default() {
            entry.observed_at = Revision(self.clock.unix_ms());
        }
        let (submission, observed_at) = (&entry.submission_id, entry.observed_at);
        let id = MessageId::new(format!("{submission}:{observed_at}:crawler"));
        let starts = Instant::now();
        let message = v1::Entry::from(entry);
        let published = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Ended::Interrupted),
            published = self.bus.publish(Subject::ENTRY_SUBMITTED, &id, &message) => published,
        };
        self.metrics.stage("publish", starts.elapsed());
        match published {
            Ok(_) => Ok(()),
            Err(PublishError::TooLarge { .. }) => Err(Refusal::TooLarge.into()),
            Err(error) => {
                self.give_up(Error::Publish(error));
                Err(Ended::Interrupted)
            }
        }
    }

    /// Tells who submitted the address of a page why it gave no article: the submission is refused.
    pub(crate) async fn refuse(&self, page: &Page, ended: Ended) {
        let Some(requested) = &page.requested else { return };
        let submission_id = requested.submission_id.clone();
        let id = MessageId::new(format!("{submission_id}:not-fetched"));
        let decided = v1::EntryDecided {
            submission_id,
            url: page.url.to_string(),
            decision: v1::Decision::Refused.into(),
            reason: format!("the crawler got no article from the page: {}", ended.reason()),
            decided_at_ms: self.clock.unix_ms(),
            ..v1::EntryDecided::default()
        };
        let publishing = self.bus.publish(Subject::ENTRY_DECIDED, &id, &decided);
        let published = tokio::select! {
            biased;
            () = self.stop.cancelled() => return,
            published = publishing => published,
        };
        if let Err(error) = published {
            self.give_up(Error::Publish(error));
        }
    }

    /// Remembers the visit to `url`, and that `named` led to it. Call it when everything that
    /// followed from the visit is safe.
    pub(crate) async fn remember(&self, named: &Url, url: &Url, visit: Remembered) {
        if url != named {
            let hop = Remembered { validators: Validators::default(), ..visit.clone() };
            self.memory.remember(named, hop).await;
        }
        self.memory.remember(url, visit).await;
    }

    /// Ends the crawl with `error`. The first error counts.
    fn give_up(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.stop.cancel();
    }

    /// Returns the error that ended the crawl early, if there was one.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use courant_article::Text;

    use super::*;

    fn entry(title: &str, text: &str) -> Entry {
        let text = Text::new(text.into());
        Entry { url: "https://a.example/1".into(), title: title.into(), text, ..Entry::default() }
    }

    #[test]
    fn a_submission_is_named_by_what_it_says() {
        let first = content_of(&entry("Title", "Some  text."));
        assert_eq!(first, content_of(&entry("Title", "Some text. ")));
        assert_ne!(first, content_of(&entry("Title", "Some other text.")));
        assert_ne!(first, content_of(&entry("Another title", "Some text.")));
    }
}
