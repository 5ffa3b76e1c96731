//! The crawler's memory in the store: the pages that it visited and the listings that it follows.
//!
//! A visit is remembered only after the bus acknowledged the page's article. If it were
//! remembered earlier, a crash in between would lose the article, because the server would then
//! call the page unchanged.
//!
//! Each write needs the lease of its domain (`fences`). Without the lease nothing is written,
//! because the domain's holder does the writing.

use std::sync::Arc;
use std::time::Duration;

use courant_article::ContentHash;
use courant_sources::{FollowedSource, Sources};
use courant_store::{Crawl, Error, Lease, Listing, Note, NoteKind, Visit};
use courant_telemetry::Clock;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::fences::Fences;
use crate::notes::Notes;
use crate::notes::writer::Writer;
use crate::outcome::Ended;
use crate::page::Page;
use crate::patience::{Answered, Patience};
use crate::urls::domain_of;
use crate::validators::Validators;

/// The most visits that wait to be written.
const MAX_WAITING: usize = 1_024;
/// The most visits in one write.
const MAX_BATCH: usize = 256;
/// The most questions to the store at the same time. Thousands of domains may ask at once, and
/// the store serves others, too.
const MAX_QUESTIONS: usize = 8;
/// The number of notes in one read.
const NOTES_AT_ONCE: usize = 1_000;

/// The last visit to a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub validators: Validators,
    /// The hash of the submitted title and text; `None` if nothing was submitted.
    pub content: Option<ContentHash>,
    /// The time of the visit, in Unix milliseconds.
    pub visited_at_ms: i64,
    /// The HTTP status of the last answer; 0 if this crawler never read the page.
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

/// Reads visits, listings and notes directly, and writes visits and notes in batches.
pub(crate) struct Memory {
    store: Crawl,
    sources: Sources,
    patience: Patience,
    questions: Semaphore,
    waiting: mpsc::Sender<(Lease, Visit)>,
    pub(crate) fences: Arc<Fences>,
    pub(crate) notes: Arc<Notes>,
    _open: DropGuard,
}

impl Memory {
    /// Creates a memory, and a task that writes until the memory is dropped. Operations that fail
    /// are repeated for the time of `patience`, but not after `stop`.
    pub(crate) fn new(
        store: Crawl,
        patience: Duration,
        clock: Clock,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (waiting, visits) = mpsc::channel(MAX_WAITING);
        let patience = Patience::new(patience, stop);
        let notes = Arc::new(Notes::new(clock.clone()));
        let fences = Arc::new(Fences::default());
        let closed = CancellationToken::new();
        let notes_writer = Writer {
            store: store.clone(),
            patience: patience.clone(),
            notes: Arc::clone(&notes),
            fences: Arc::clone(&fences),
            clock,
        };
        let (noting, closing) = (notes_writer.run(closed.clone()), closed.drop_guard());
        let written = write(store.clone(), patience.clone(), visits);
        let writer = tokio::spawn(async { _ = tokio::join!(written, noting) });
        let questions = Semaphore::new(MAX_QUESTIONS);
        let (sources, _open) = (Sources::of(store.clone()), closing);
        (Self { store, sources, patience, questions, waiting, fences, notes, _open }, writer)
    }

    /// Returns the last visit to `url`.
    pub(crate) async fn recall(&self, url: &Url) -> Result<Option<Remembered>, Ended> {
        let visit = self.ask(|| self.store.visit(url.as_str())).await?;
        Ok(visit.map(Remembered::from))
    }

    async fn ask<T, F: Future<Output = Answered<T>>>(
        &self,
        question: impl Fn() -> F,
    ) -> Result<T, Ended> {
        // The semaphore is never closed.
        let _place = self.questions.acquire().await;
        self.patience.keep_asking(question).await
    }

    /// Records a visit. Call it when everything that followed from the visit is safe.
    pub(crate) async fn remember(&self, url: &Url, visit: Remembered) {
        let Some(lease) = self.fences.get(&domain_of(url)) else {
            tracing::debug!(%url, "a visit is not recorded: its domain is not held");
            return;
        };
        // Sending cannot fail: the writer lives as long as this sender.
        let _ = self.waiting.send((lease, visit.at(url))).await;
    }

    /// Returns the last look at the feed, sitemap or site at `url`.
    pub(crate) async fn listing(&self, url: &Url) -> Result<Option<Listing>, Ended> {
        self.ask(|| self.store.listing(url.as_str())).await
    }

    /// Returns the note of this kind and name, and the time for which it is still valid.
    pub(crate) async fn note(
        &self,
        kind: NoteKind,
        name: &str,
    ) -> Result<Option<(Note, Duration)>, Ended> {
        let note = self.ask(|| self.store.note(kind, name)).await?;
        Ok(note.and_then(|note| self.notes.rest_of(&note).map(|rest| (note, rest))))
    }

    /// Returns up to `most` valid notes of a kind, each with the time for which it is still valid.
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

    /// Hands pages over to the present or next holder of their domains. The pages are safe when
    /// this returns `Ok`.
    pub(crate) async fn hand_over(&self, pages: impl Iterator<Item = &Page>) -> Result<(), Ended> {
        let pages: Vec<Note> = pages.map(|page| self.notes.of_page(page)).collect();
        self.ask(|| self.store.hand_over(&pages)).await
    }

    /// Takes over up to `most` pages that others left in the domains of `leases`.
    pub(crate) async fn adopt(&self, leases: &[Lease], most: usize) -> Result<Vec<Note>, Ended> {
        let adopt = || async {
            match self.store.adopt(leases, most).await {
                // The lease was lost meanwhile: the next holder takes the pages over.
                Err(Error::LeaseLost { .. }) => Ok(Vec::new()),
                adopted => adopted,
            }
        };
        self.ask(adopt).await
    }

    /// Returns up to `most` domains that have waiting pages and no holder other than `holder`.
    pub(crate) async fn waiting_domains(
        &self,
        holder: &str,
        most: usize,
    ) -> Result<Vec<String>, Ended> {
        self.ask(|| self.store.waiting_domains(holder, most)).await
    }

    /// Returns the sources that the store names.
    pub(crate) async fn sources(&self) -> Result<Vec<FollowedSource>, Ended> {
        self.ask(|| self.sources.all(self.notes.now_ms())).await
    }

    /// Records sources.
    pub(crate) async fn record_sources(&self, sources: &[FollowedSource]) -> Result<(), Ended> {
        self.ask(|| self.sources.record(sources)).await
    }

    /// Makes the looks at these listings due at `at_ms`, in Unix milliseconds.
    pub(crate) async fn make_due(&self, urls: &[String], at_ms: i64) -> Result<usize, Ended> {
        self.ask(|| self.store.make_due(urls, at_ms)).await
    }

    /// Forgets the listings of a source that was removed: a look may have been recorded meanwhile.
    pub(crate) async fn forget_if_removed(&self, source: &Url, listings: &[String]) {
        let forget = || async {
            match self.sources.get(source.as_str(), self.notes.now_ms()).await? {
                Some(_) => Ok(()),
                None => self.store.forget_listings(listings).await,
            }
        };
        // A failure is logged already; the listing then stays in the list of what is followed.
        let _ = self.ask(forget).await;
    }

    /// Records a look at a listing. A look that cannot be recorded is repeated after a restart, or
    /// by the crawler that has the domain now.
    pub(crate) async fn remember_listing(&self, listing: &Listing) {
        let domain = Url::parse(&listing.url).map(|url| domain_of(&url)).unwrap_or_default();
        let leases = self.fences.of([domain.as_str()].into_iter());
        if leases.is_empty() {
            tracing::debug!(url = listing.url, "a look is not recorded: its domain is not held");
            return;
        }
        let recorded = self.patience.keep_trying(|| self.store.record_listing(&leases, listing));
        if let Err(error) = recorded.await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, url = listing.url, "cannot record a look");
        }
    }
}

async fn write(store: Crawl, patience: Patience, mut visits: mpsc::Receiver<(Lease, Visit)>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    while visits.recv_many(&mut batch, MAX_BATCH).await > 0 {
        while !batch.is_empty() {
            let (mut leases, visits): (Vec<_>, Vec<_>) = batch.iter().cloned().unzip();
            leases.sort();
            leases.dedup();
            match patience.keep_trying(|| store.record_visits(&leases, &visits)).await {
                Err(Error::LeaseLost { domain }) => {
                    tracing::debug!(domain, "visits are not recorded: the lease was lost");
                    batch.retain(|(lease, _)| lease.domain != domain);
                    continue;
                }
                // A visit that cannot be written costs only a second visit.
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, visits = visits.len(), "cannot record visits");
                }
                Ok(()) => {}
            }
            batch.clear();
        }
    }
}
