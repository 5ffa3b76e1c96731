//! What the crawler remembers of the pages it visited, in the store.
//!
//! A visit is remembered only after the page's article was acknowledged by the
//! bus: remembered sooner, a crash in between would lose the article, because
//! its server would call the page unchanged for ever after.

use std::time::Duration;

use courant_article::ContentHash;
use courant_store::{Store, Visit};
use tokio::sync::mpsc;
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

/// How long a store that does not answer is tried again.
#[derive(Clone, Debug)]
struct Patience {
    lasts: Duration,
    /// Ends it: a drain does not wait for a store that may be long in coming.
    stop: CancellationToken,
}

/// Reads visits at once, and writes them in batches.
pub(crate) struct Memory {
    store: Store,
    patience: Patience,
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
        (Self { store, patience, waiting }, writer)
    }

    /// The last visit to `url`.
    pub(crate) async fn recall(&self, url: &Url) -> Result<Option<Remembered>, Ended> {
        tokio::select! {
            biased;
            () = self.patience.stop.cancelled() => Err(Ended::Interrupted),
            recalled = self.recall_patiently(url) => recalled,
        }
    }

    async fn recall_patiently(&self, url: &Url) -> Result<Option<Remembered>, Ended> {
        let deadline = Instant::now() + self.patience.lasts;
        loop {
            match self.store.visit(url.as_str()).await {
                Ok(visit) => return Ok(visit.map(Remembered::from)),
                Err(error) if error.is_transient() && Instant::now() < deadline => {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot read visits");
                    return Err(Failure::Store.into());
                }
            }
        }
    }

    /// To be called when all that followed from the visit is safe.
    pub(crate) async fn remember(&self, url: &Url, visit: Remembered) {
        // The writer ends after this sender only.
        let _ = self.waiting.send(visit.at(url)).await;
    }
}

async fn write(store: Store, patience: Patience, mut visits: mpsc::Receiver<Visit>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while visits.recv_many(&mut batch, MAX_BATCH).await > 0 {
        write_batch(&store, &patience, &batch).await;
        batch.clear();
    }
}

/// Visits that cannot be written cost a second visit, and nothing else. A stop
/// leaves them one last try.
async fn write_batch(store: &Store, patience: &Patience, batch: &[Visit]) {
    let deadline = Instant::now() + patience.lasts;
    loop {
        let is_last = patience.stop.is_cancelled() || Instant::now() >= deadline;
        let Err(error) = store.record_visits(batch).await else { return };
        if is_last || !error.is_transient() {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, visits = batch.len(), "cannot remember visits");
            return;
        }
        // Either way the next try follows.
        let _ = tokio::time::timeout(RETRY_AFTER, patience.stop.cancelled()).await;
    }
}
