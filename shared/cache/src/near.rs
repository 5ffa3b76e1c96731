//! The index of near texts: in this process, or in Redis for all replicas.

mod shared;

use std::sync::{Arc, Mutex, PoisonError};

use courant_dedup::{NearConfig, NearIndex, NearMatch, SketchedText};

use crate::{Cache, Error};
use shared::SharedIndex;

/// An index that finds earlier articles with nearly the same text. Clones share it.
#[derive(Clone, Debug)]
pub struct NearTextIndex {
    level: Level,
    max_age_s: u32,
}

#[derive(Clone, Debug)]
enum Level {
    Memory(Arc<Mutex<NearIndex>>),
    Redis(SharedIndex),
}

impl NearTextIndex {
    /// Makes an empty index. If `cache` has Redis, returns the index there, which all replicas
    /// share.
    pub fn new(config: &NearConfig, cache: &Cache) -> Self {
        let level = match cache.redis() {
            Some(redis) => Level::Redis(SharedIndex::new(config, redis.clone())),
            None => Level::Memory(Arc::new(Mutex::new(NearIndex::new(config)))),
        };
        Self { level, max_age_s: config.max_age_s() }
    }

    /// Adds `offer`, and returns the earlier articles that are near to it, the earliest first.
    /// Both happen in one step, so that of two near texts that arrive at once, exactly one sees
    /// the other.
    ///
    /// A text that is near to one of its own site is not added: it will be refused, and no
    /// article counts as a copy of a refused one. The same offer again changes nothing.
    ///
    /// # Errors
    /// If Redis does not answer in time.
    pub async fn offer(&self, offer: &SketchedText, now_s: u32) -> Result<Vec<NearMatch>, Error> {
        match &self.level {
            Level::Memory(index) => Ok(locked(index).offer(offer, now_s)),
            Level::Redis(index) => index.offer(offer).await,
        }
    }

    /// Adds a text that was accepted at `at_s`, before this index was made. Call this for the
    /// oldest text first. Times are Unix seconds.
    ///
    /// # Errors
    /// If Redis does not answer in time.
    pub async fn restore(&self, offer: &SketchedText, at_s: u32, now_s: u32) -> Result<(), Error> {
        let age_s = now_s.saturating_sub(at_s);
        let Some(left_s) = self.max_age_s.checked_sub(age_s) else { return Ok(()) };
        match &self.level {
            Level::Memory(index) => locked(index).insert(offer, at_s),
            Level::Redis(index) => index.restore(offer, left_s).await?,
        }
        Ok(())
    }

    /// Returns the number of texts in the index. With Redis, this is the number that this process
    /// knows of, including texts that have expired.
    pub fn articles(&self) -> usize {
        match &self.level {
            Level::Memory(index) => locked(index).len(),
            Level::Redis(index) => index.articles(),
        }
    }

    /// Returns true if no text was ever added.
    ///
    /// # Errors
    /// If Redis does not answer in time.
    pub async fn is_unused(&self) -> Result<bool, Error> {
        match &self.level {
            Level::Memory(index) => Ok(locked(index).is_empty()),
            Level::Redis(index) => index.is_unused().await,
        }
    }

    /// Returns true if other processes see the texts that this one adds.
    pub fn is_shared(&self) -> bool {
        matches!(self.level, Level::Redis(_))
    }
}

fn locked(index: &Mutex<NearIndex>) -> std::sync::MutexGuard<'_, NearIndex> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}
