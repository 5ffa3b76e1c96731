//! From a page or record to an article on the bus.

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
use crate::validators::Validators;

/// Names the title and text of an entry, whenever it says them: the same from crawl to crawl while
/// neither title nor text change.
pub(crate) fn content_of(entry: &Entry) -> ContentHash {
    let text = normalize_text(entry.text.as_str());
    ContentHash::of_normalized(&format!("{}\n{}\n{text}", entry.url, normalize_text(&entry.title)))
}

/// Hands articles to the bus, and remembers visits whose articles it acknowledged.
pub(crate) struct Publisher {
    bus: Bus,
    clock: Clock,
    memory: Arc<Memory>,
    metrics: Metrics,
    /// Ends the crawl if the bus fails for good.
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

    /// Hands `entry` on, named by what it says and seen now; waits for room.
    ///
    /// When this returns `Ok`, the bus has it safe. If the bus fails for longer
    /// than it has patience, the whole crawl ends.
    pub(crate) async fn submit(&self, mut entry: Entry, content: ContentHash) -> Result<(), Ended> {
        entry.submission_id = content.to_string();
        if entry.observed_at == Revision::default() {
            entry.observed_at = Revision(self.clock.unix_ms());
        }
        let id = MessageId::new(format!("{content}:{}:crawler", entry.observed_at));
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

    /// Remembers that `named` led to `url`, and how the visit went. To be called when
    /// all that followed from the visit is safe.
    pub(crate) async fn remember(&self, named: &Url, url: &Url, visit: Remembered) {
        if url != named {
            let hop = Remembered { validators: Validators::default(), ..visit.clone() };
            self.memory.remember(named, hop).await;
        }
        self.memory.remember(url, visit).await;
    }

    /// Ends the crawl with `error`; the first one counts.
    fn give_up(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.stop.cancel();
    }

    /// The error that ended the crawl early.
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
