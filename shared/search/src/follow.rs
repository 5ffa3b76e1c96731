//! The index follows the store.
//!
//! It asks the store for the changes behind the last one that it holds, takes them in, and writes
//! the number of the last change with its segments. An index of another history, or ahead of the
//! store, is made anew.

use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use courant_store::StoreHead;
use tokio::time::{Instant, timeout};

use crate::blocking::blocking;
use crate::error::Error;
use crate::following::{BATCH, Following, IndexState};
use crate::index::Index;
use crate::search::Search;

/// The wait before the store is looked at again.
const LOOK_INTERVAL: Duration = Duration::from_millis(150);
/// The wait before deleted articles are taken out of the files again, after a failure.
const ERASE_RETRY: Duration = Duration::from_secs(60);
/// The wait after a failure.
const RETRY_INTERVAL: Duration = Duration::from_secs(2);

impl Search {
    /// Keeps the index in step with the store until `ended`. A damaged index is made anew. Another
    /// failure is logged, and tried again after a while.
    pub async fn follow(&self, ended: impl Future<Output = ()>) {
        let mut ended = pin!(ended);
        let mut is_failing = false;
        if let Err(error) = self.check().await {
            tracing::warn!(%error, "making the search index anew");
            self.forget();
        }
        let mut erasure = self.erasure();
        loop {
            let wait = match self.step().await {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK_INTERVAL,
                Err(error) => {
                    if !is_failing {
                        tracing::warn!(%error, "the search index cannot follow the store");
                    }
                    self.recover(&error).await;
                    RETRY_INTERVAL
                }
            };
            is_failing = wait == RETRY_INTERVAL;
            self.erase(&mut erasure).await;
            tokio::select! {
                () = &mut ended => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Brings the index to the present state of the store.
    ///
    /// # Errors
    /// A failure of store or index.
    pub async fn catch_up(&self) -> Result<(), Error> {
        while self.step().await? {}
        Ok(())
    }

    /// Reads the whole index, and compares the checksums of its files.
    ///
    /// # Errors
    /// [`Error::Damaged`] or [`Error::Index`].
    pub async fn check(&self) -> Result<(), Error> {
        let index = Arc::clone(&self.index);
        blocking(move || index.check()).await
    }

    /// Takes deleted articles, and decisions on them, out of the files of the index.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub async fn expunge(&self) -> Result<(), Error> {
        let (index, decisions) = (Arc::clone(&self.index), self.decisions().clone());
        blocking(move || {
            index.expunge()?;
            decisions.expunge()
        })
        .await
    }

    /// The time at which deleted articles leave the files; `None` if there are none.
    fn erasure(&self) -> Option<Instant> {
        // An index that cannot be read tells so where it is followed.
        let has_deleted = self.index.has_deleted().unwrap_or_default();
        has_deleted.then(|| Instant::now() + self.store.erase_after())
    }

    /// Takes deleted articles out of the files when it is time for that.
    async fn erase(&self, erasure: &mut Option<Instant>) {
        let has_deleted = self.has_deleted.swap(false, Ordering::AcqRel);
        if (has_deleted || self.decisions().has_deleted()) && erasure.is_none() {
            *erasure = Some(Instant::now() + self.store.erase_after());
        }
        if erasure.is_none_or(|due| Instant::now() < due) {
            return;
        }
        *erasure = None;
        if let Err(error) = self.expunge().await {
            tracing::warn!(%error, "deleted articles are still in the files of the index");
            *erasure = Some(Instant::now() + ERASE_RETRY);
        }
    }

    /// Goes back to what was written last. A failure of the store has nothing to undo.
    async fn recover(&self, error: &Error) {
        if matches!(error, Error::Store(_)) {
            return;
        }
        let (index, following) = (Arc::clone(&self.index), Arc::clone(&self.following));
        let work = move || {
            index.roll_back()?;
            *following.lock().unwrap_or_else(PoisonError::into_inner) = Following::of(&index);
            Ok(())
        };
        if let Err(error) = blocking(work).await {
            tracing::warn!(%error, "the search index cannot be written");
        }
    }

    /// Lets the next step begin from nothing.
    fn forget(&self) {
        self.following.lock().unwrap_or_else(PoisonError::into_inner).forget();
    }

    /// Returns the state of the index.
    pub fn state(&self) -> IndexState {
        self.state.borrow().clone()
    }

    /// Checks that nearly everything that is stored can be found.
    ///
    /// # Errors
    /// [`Error::Behind`].
    pub fn ready(&self) -> Result<(), Error> {
        let state = self.state();
        if state.is_ready() {
            return Ok(());
        }
        Err(Error::Behind { missing: (state.store_change - state.change).max(0).unsigned_abs() })
    }

    /// Waits until the change of this number can be found, at most for `patience`. Returns false
    /// if it cannot be found by then.
    pub async fn wait_for(&self, change: i64, patience: Duration) -> bool {
        let mut state = self.state.subscribe();
        let reached = timeout(patience, state.wait_for(|state| state.change >= change)).await;
        matches!(reached, Ok(Ok(_)))
    }

    /// Takes in the next changes. Returns true if there may be more.
    async fn step(&self) -> Result<bool, Error> {
        let articles = self.store.articles();
        let head = articles.head().await?;
        let after = self
            .with_following(head.clone(), |following, index, head| following.align(index, &head));
        let after = after.await?;
        if after == head.change && !self.state().is_rebuilding {
            return Ok(false);
        }
        let started = Instant::now();
        let changes = articles.changes(after, BATCH).await?;
        let count = changes.len();
        let has_deleted = changes.iter().any(|change| change.article.is_none());
        self.with_following(head, move |following, index, head| {
            following.take(index, &head, &changes)
        })
        .await?;
        if has_deleted {
            self.has_deleted.store(true, Ordering::Release);
        }
        tracing::debug!(changes = count, took_ms = started.elapsed().as_millis(), "indexed");
        Ok(count == BATCH)
    }

    async fn with_following<T: Send + 'static>(
        &self,
        head: StoreHead,
        work: impl FnOnce(&mut Following, &Index, StoreHead) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (index, following) = (Arc::clone(&self.index), Arc::clone(&self.following));
        let state = Arc::clone(&self.state);
        blocking(move || {
            let mut following = following.lock().unwrap_or_else(PoisonError::into_inner);
            let result = work(&mut following, &index, head);
            state.send_replace(following.state(&index));
            result
        })
        .await
    }
}
