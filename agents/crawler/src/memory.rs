//! The crawler's memory in the store: the pages that it visited and the listings
//! that it follows.
//!
//! A visit is remembered only after the page's article was acknowledged by the
//! bus: remembered sooner, a crash in between would lose the article, because
//! its server would call the page unchanged for ever after.

use std::sync::Arc;
use std::time::Duration;

use courant_article::ContentHash;
use courant_store::{Crawl, Listing, Note, NoteKind, Visit};
use courant_telemetry::Clock;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::notes::Notes;
use crate::outcome::{Ended, Failure};
use crate::validators::Validators;

/// Visits that may wait to be written.
const MAX_WAITING: usize = 1_024;
/// Visits in one write.
const MAX_BATCH: usize = 256;
/// Questions at a time. One page of each domain may ask, thousands at once, and
/// the store has others to answer.
const MAX_QUESTIONS: usize = 8;
/// Notes read at once.
const NOTES_AT_ONCE: usize = 1_000;
/// The time between two sweeps that remove notes of no use.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The last visit to a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub validators: Validators,
    /// Names the text that was submitted; `None` where none was.
    pub content: Option<ContentHash>,
    /// Unix milliseconds.
    pub visited_at_ms: i64,
    /// The status of the last answer; 0 where the page was only heard of.
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

/// The time for which a store that does not answer is tried again.
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

/// Reads visits, listings and notes at once, and writes visits and notes in
/// batches.
pub(crate) struct Memory {
    store: Crawl,
    patience: Patience,
    questions: Semaphore,
    waiting: mpsc::Sender<Visit>,
    pub(crate) notes: Arc<Notes>,
    _open: DropGuard,
}

impl Memory {
    /// The task writes until the memory is dropped. A store that fails is tried
    /// again for `patience`, but not after `stop`.
    pub(crate) fn new(
        store: Crawl,
        patience: Duration,
        clock: Clock,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (waiting, visits) = mpsc::channel(MAX_WAITING);
        let patience = Patience { lasts: patience, stop };
        let notes = Arc::new(Notes::new(clock.clone()));
        let closed = CancellationToken::new();
        let noted =
            write_notes(store.clone(), patience.clone(), Arc::clone(&notes), clock, closed.clone());
        let written = write(store.clone(), patience.clone(), visits);
        let writer = tokio::spawn(async { _ = tokio::join!(written, noted) });
        let questions = Semaphore::new(MAX_QUESTIONS);
        let _open = closed.drop_guard();
        (Self { store, patience, questions, waiting, notes, _open }, writer)
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

    /// The last look at the feed, sitemap or site at `url`.
    pub(crate) async fn listing(&self, url: &Url) -> Result<Option<Listing>, Ended> {
        self.ask(|| self.store.listing(url.as_str())).await
    }

    /// The note of this kind and name, while it counts.
    pub(crate) async fn note(
        &self,
        kind: NoteKind,
        name: &str,
    ) -> Result<Option<(Note, Duration)>, Ended> {
        let note = self.ask(|| self.store.note(kind, name)).await?;
        Ok(note.and_then(|note| self.notes.rest_of(&note).map(|rest| (note, rest))))
    }

    /// All notes of a kind that count, `most` at most.
    pub(crate) async fn all_notes(
        &self,
        kind: NoteKind,
        most: usize,
    ) -> Result<Vec<(Note, Duration)>, Ended> {
        let mut counting = Vec::new();
        let mut last: Option<String> = None;
        while counting.len() < most {
            let read = || self.store.notes(kind, last.as_deref(), NOTES_AT_ONCE);
            let notes = self.ask(read).await?;
            let Some(end) = notes.last().map(|note| note.name.clone()) else { break };
            last = Some(end);
            let rests = notes.into_iter().filter_map(|note| {
                let rest = self.notes.rest_of(&note)?;
                Some((note, rest))
            });
            counting.extend(rests);
        }
        counting.truncate(most);
        Ok(counting)
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

async fn write(store: Crawl, patience: Patience, mut visits: mpsc::Receiver<Visit>) {
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

/// Writes notes until `closed`, and what is left then.
async fn write_notes(
    store: Crawl,
    patience: Patience,
    notes: Arc<Notes>,
    clock: Clock,
    closed: CancellationToken,
) {
    let mut swept: Option<Instant> = None;
    loop {
        let is_last = tokio::select! {
            biased;
            () = closed.cancelled() => true,
            () = notes.worth_a_write() => false,
        };
        loop {
            let batch = notes.take();
            if batch.is_empty() {
                break;
            }
            // What is not noted is found again, or fetched again.
            if let Err(error) = patience.keep_trying(|| store.record_notes(&batch)).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, notes = batch.len(), "cannot write notes down");
            }
        }
        if is_last {
            return;
        }
        if swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY) {
            swept = Some(Instant::now());
            if let Err(error) = store.forget_notes(clock.unix_ms()).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "cannot sweep out old notes");
            }
        }
    }
}
