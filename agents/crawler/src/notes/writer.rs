//! Writes notes to the store. Each note is written under the lease of its domain.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use courant_store::{Crawl, Error, Note, NoteKind};
use courant_telemetry::Clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::fences::Fences;
use crate::notes::Notes;
use crate::patience::Patience;

/// The time between two deletions of expired notes.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Writes notes as they change.
pub(crate) struct Writer {
    pub(crate) store: Crawl,
    pub(crate) patience: Patience,
    pub(crate) notes: Arc<Notes>,
    pub(crate) fences: Arc<Fences>,
    pub(crate) clock: Clock,
}

impl Writer {
    /// Writes notes until `closed` is cancelled, and then the remaining ones.
    pub(crate) async fn run(self, closed: CancellationToken) {
        let mut swept: Option<Instant> = None;
        loop {
            let is_last = tokio::select! {
                biased;
                () = closed.cancelled() => true,
                () = self.notes.worth_a_write() => false,
            };
            loop {
                let batch = self.notes.take();
                if batch.is_empty() {
                    break;
                }
                self.write(batch).await;
            }
            if is_last {
                return;
            }
            if swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY) {
                swept = Some(Instant::now());
                if let Err(error) = self.store.forget_notes(self.clock.unix_ms()).await {
                    warn(&error, 0, "cannot delete old notes");
                }
            }
        }
    }

    /// Writes a batch of notes. A lost note costs little: its page is found again, or its
    /// robots.txt is fetched again.
    async fn write(&self, batch: Vec<Note>) {
        let mut lost = HashSet::new();
        let mut batch = batch;
        loop {
            let mut leases = self.fences.of(batch.iter().map(|note| note.domain.as_str()));
            leases.retain(|lease| !lost.contains(&lease.domain));
            let domains: HashSet<&str> = leases.iter().map(|lease| lease.domain.as_str()).collect();
            let (ours, others): (Vec<Note>, Vec<Note>) =
                batch.into_iter().partition(|note| domains.contains(note.domain.as_str()));
            self.hand_over(others).await;
            if ours.is_empty() {
                return;
            }
            match self.patience.keep_trying(|| self.store.record_notes(&leases, &ours)).await {
                Err(Error::LeaseLost { domain }) => _ = lost.insert(domain),
                Err(error) => return warn(&error, ours.len(), "cannot write notes"),
                Ok(()) => return,
            }
            batch = ours;
        }
    }

    /// Hands waiting pages over to the crawlers that hold their domains. Drops all other notes,
    /// which those crawlers write themselves.
    async fn hand_over(&self, notes: Vec<Note>) {
        let is_page = |note: &Note| note.kind == NoteKind::Page && note.body.is_some();
        let pages: Vec<Note> = notes.into_iter().filter(is_page).collect();
        if pages.is_empty() {
            return;
        }
        if let Err(error) = self.patience.keep_trying(|| self.store.hand_over(&pages)).await {
            warn(&error, pages.len(), "cannot hand pages over");
        }
    }
}

fn warn(error: &Error, notes: usize, message: &str) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(error, notes, "{message}");
}
