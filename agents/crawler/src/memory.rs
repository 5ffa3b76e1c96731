//! What the crawler remembers of the pages that it visited and of the listings that
//! it follows, in the store.
//!
//! A visit is remembered only after the page's article was acknowledged by the
//! bus: remembered sooner, a crash in between would lose the article, because
//! its server would call the page unchanged for ever after.

use std::time::Duration;

use courant_article::ContentHash;
use courant_store::{Listing, Store, Visit};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::fetch::Validators;
use crate::outcome::{Ended, Failure};

/// Visits that may wait to be written.
const MAX_WAITING: usize = 1_024;
/// Visits in one write.
const MAX_BATCH: usize = 256;
/// Questions at a time. One page of each domain may ask, thousands at once, and
/// the store has others to answer.
const MAX_QUESTIONS: usize = 8;
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The last visit to a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub validators: Validators,
    /// Of what was submitted; `None` where nothing was.
    pub content: Option<ContentHash>,
    /// Unix milliseconds.
    pub visited_at_ms: i64,
    /// Of the last answer; 0 where it was only heard of.
    pub status: u16,
}

impl From<Visit> for Remembered {
    fn from(visit: Visit) -> Self {
        Self {
            validators: Validators { etag: visit.etag, last_modified: visit.last_modified },
            content: visit.content_hash,
            visited_at_ms: visit.fetched_at_ms,
            status: visit.status,
        }
    }
}

impl Remembered {
    fn at(self, url: &Url) -> Visit {
        Visit {
            url: url.to_string(),
            etag: self.validators.etag,
            last_modified: self.validators.last_modified,
            fetched_at_ms: self.visited_at_ms,
            status: self.status,
            content_hash: self.content,
        }
    }
}

type Answered<T> = Result<T, courant_store::Error>;

/// How long a store that does not answer is tried again.
#[derive(Clone, Debug)]
struct Patience {
    lasts: Duration,
    /// Ends it: a drain does not wait for a store that may be long in coming.
    stop: CancellationToken,
}

impl Patience {
    /// Tries until it succeeds, is hopeless, or the patience is at its end. A stop
    /// leaves one last try.
    async fn keep_trying<T, F: Future<Output = Answered<T>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Answered<T> {
        let deadline = Instant::now() + self.lasts;
        loop {
            let is_last = self.stop.is_cancelled() || Instant::now() >= deadline;
            match attempt().await {
                Err(error) if error.is_transient() && !is_last => {
                    // Either way the next try follows.
                    let _ = tokio::time::timeout(RETRY_AFTER, self.stop.cancelled()).await;
                }
                ended => return ended,
            }
        }
    }

    /// The same for what is not needed any more after a stop.
    async fn keep_asking<T, F: Future<Output = Answered<T>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, Ended> {
        let answered = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Ended::Interrupted),
            answered = self.keep_trying(attempt) => answered,
        };
        answered.map_err(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the crawler cannot read its memory");
            Failure::Store.into()
        })
    }
}

/// Reads visits and listings at once, and writes visits in batches.
pub(crate) struct Memory {
    store: Store,
    patience: Patience,
    questions: Semaphore,
    waiting: mpsc::Sender<Visit>,
}

impl Memory {
    /// The task writes until the memory is dropped. A store that fails is tried
    /// again for `patience`, but not after `stop`.
    pub(crate) fn new(
        store: Store,
        patience: Duration,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (waiting, visits) = mpsc::channel(MAX_WAITING);
        let patience = Patience { lasts: patience, stop };
        let writer = tokio::spawn(write(store.clone(), patience.clone(), visits));
        let questions = Semaphore::new(MAX_QUESTIONS);
        (Self { store, patience, questions, waiting }, writer)
    }

    /// The last visit to `url`.
    pub(crate) async fn recall(&self, url: &Url) -> Result<Option<Remembered>, Ended> {
        let visit = self.ask(|| self.store.visit(url.as_str())).await?;
        Ok(visit.map(Remembered::from))
    }

    async fn ask<T, F: Future<Output = Answered<T>>>(
        &self,
        question: impl Fn() -> F,
    ) -> Result<T, Ended> {
        // Never closed.
        let _place = self.questions.acquire().await;
        self.patience.keep_asking(question).await
    }

    /// To be called when all that followed from the visit is safe.
    pub(crate) async fn remember(&self, url: &Url, visit: Remembered) {
        // The writer ends after this sender only.
        let _ = self.waiting.send(visit.at(url)).await;
    }

    /// What is known of the feed, sitemap or site at `url`.
    pub(crate) async fn listing(&self, url: &Url) -> Result<Option<Listing>, Ended> {
        self.ask(|| self.store.listing(url.as_str())).await
    }

    /// A look that cannot be written down is made again after a restart.
    pub(crate) async fn remember_listing(&self, listing: &Listing) {
        let recorded = self.patience.keep_trying(|| self.store.record_listing(listing));
        if let Err(error) = recorded.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, url = listing.url, "cannot write a look down");
        }
    }
}

async fn write(store: Store, patience: Patience, mut visits: mpsc::Receiver<Visit>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while visits.recv_many(&mut batch, MAX_BATCH).await > 0 {
        // Visits that cannot be written cost a second visit, and nothing else.
        if let Err(error) = patience.keep_trying(|| store.record_visits(&batch)).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, visits = batch.len(), "cannot remember visits");
        }
        batch.clear();
    }
}
