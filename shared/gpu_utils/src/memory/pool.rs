//! Buffers that are used again, for staging between host and device.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Budget, Refused, Reservation};

type Allocate<B, E> = dyn Fn(usize) -> Result<B, E> + Send + Sync;

/// No buffer could be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError<E> {
    /// The pool's budget is used up by buffers in use.
    #[error("the staging pool is exhausted: {0}")]
    Exhausted(#[source] Refused),
    /// The system gave none.
    #[error("no staging buffer of {bytes} bytes: {source}")]
    Allocate {
        /// Wanted.
        bytes: usize,
        /// Why not.
        source: E,
    },
}

/// Buffers of one or more blocks each, taken from a budget. Buffers that come
/// back are kept; when the budget refuses, they are collected and it is asked
/// again.
pub struct Pool<B, E> {
    shared: Arc<Shared<B, E>>,
}

struct Shared<B, E> {
    budget: Budget,
    block_bytes: usize,
    allocate: Box<Allocate<B, E>>,
    idle: Mutex<Vec<Owned<B>>>,
}

struct Owned<B> {
    buffer: B,
    blocks: usize,
    reservation: Reservation,
}

impl<B, E> Pool<B, E> {
    /// Buffers of multiples of `block_bytes`, made by `allocate`, which is given
    /// their size in bytes.
    pub fn new(
        budget: Budget,
        block_bytes: usize,
        allocate: impl Fn(usize) -> Result<B, E> + Send + Sync + 'static,
    ) -> Self {
        let block_bytes = block_bytes.max(1);
        let allocate = Box::new(allocate);
        let idle = Mutex::default();
        Self { shared: Arc::new(Shared { budget, block_bytes, allocate, idle }) }
    }

    /// A buffer of at least `bytes`, with whatever content it had: the smallest idle one
    /// that fits, else a new one.
    ///
    /// # Errors
    /// [`PoolError::Exhausted`] if buffers in use leave too little, even with all
    /// idle ones given back; [`PoolError::Allocate`] if the system refuses.
    pub fn take(&self, bytes: usize) -> Result<Block<B, E>, PoolError<E>> {
        let blocks = bytes.div_ceil(self.shared.block_bytes).max(1);
        let owned = match self.shared.take_idle(blocks) {
            Some(owned) => owned,
            None => self.shared.make(blocks)?,
        };
        Ok(Block { owned: Some(owned), pool: Arc::clone(&self.shared) })
    }

    /// Gives all idle buffers back to the system.
    pub fn collect(&self) {
        self.shared.idle().clear();
    }

    /// The budget, which knows the ids of all buffers.
    pub fn budget(&self) -> &Budget {
        &self.shared.budget
    }
}

impl<B, E> Shared<B, E> {
    fn take_idle(&self, blocks: usize) -> Option<Owned<B>> {
        let mut idle = self.idle();
        let fitting = idle.iter().enumerate().filter(|(_, owned)| owned.blocks >= blocks);
        let (at, _) = fitting.min_by_key(|(_, owned)| owned.blocks)?;
        Some(idle.swap_remove(at))
    }

    fn make(&self, blocks: usize) -> Result<Owned<B>, PoolError<E>> {
        let bytes = blocks.saturating_mul(self.block_bytes);
        let reserve = || self.budget.reserve("staging", bytes as u64);
        let reservation = reserve().or_else(|_| {
            self.idle().clear();
            reserve()
        });
        let reservation = reservation.map_err(PoolError::Exhausted)?;
        let buffer =
            (self.allocate)(bytes).map_err(|source| PoolError::Allocate { bytes, source })?;
        Ok(Owned { buffer, blocks, reservation })
    }

    /// No code panics while it holds the lock.
    fn idle(&self) -> MutexGuard<'_, Vec<Owned<B>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A buffer in use; dropping gives it back to its pool.
pub struct Block<B, E> {
    owned: Option<Owned<B>>,
    pool: Arc<Shared<B, E>>,
}

impl<B, E> Block<B, E> {
    const OWNED: &str = "a block owns its buffer until it is dropped";

    /// Unique in the pool's budget, kept when the buffer is used again.
    pub fn id(&self) -> u64 {
        self.owned.as_ref().expect(Self::OWNED).reservation.id()
    }
}

impl<B, E> Deref for Block<B, E> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.owned.as_ref().expect(Self::OWNED).buffer
    }
}

impl<B, E> DerefMut for Block<B, E> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.owned.as_mut().expect(Self::OWNED).buffer
    }
}

impl<B, E> Drop for Block<B, E> {
    fn drop(&mut self) {
        self.pool.idle().extend(self.owned.take());
    }
}

impl<B, E> fmt::Debug for Block<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(limit: u64) -> Pool<Vec<u8>, ()> {
        Pool::new(Budget::new(limit), 10, |bytes| Ok(vec![0; bytes]))
    }

    #[test]
    fn buffers_are_whole_blocks_and_are_used_again() {
        let pool = pool(100);
        let first = pool.take(11).unwrap();
        assert_eq!(first.len(), 20);
        let id = first.id();
        drop(first);
        assert_eq!(pool.take(15).unwrap().id(), id);
        assert_eq!(pool.budget().reserved(), 20);
    }

    #[test]
    fn the_smallest_idle_buffer_that_fits_is_taken() {
        let pool = pool(100);
        let [large, small] = [40, 20].map(|bytes| pool.take(bytes).unwrap());
        let id = small.id();
        drop((large, small));
        assert_eq!(pool.take(15).unwrap().id(), id);
        assert_eq!(pool.take(30).unwrap().len(), 40);
        assert_eq!(pool.budget().reserved(), 60);
    }

    #[test]
    fn idle_buffers_are_collected_before_the_pool_refuses() {
        let pool = pool(40);
        drop(pool.take(30).unwrap());
        let large = pool.take(40).unwrap();
        let error = pool.take(1).unwrap_err();
        assert!(matches!(error, PoolError::Exhausted(Refused { available: 0, .. })));
        drop(large);
        pool.collect();
        assert_eq!(pool.budget().reserved(), 0);
    }

    #[test]
    fn what_the_system_refuses_is_not_reserved() {
        let pool: Pool<Vec<u8>, &str> = Pool::new(Budget::new(100), 10, |_| Err("no memory"));
        let error = pool.take(5).unwrap_err();
        assert_eq!(error, PoolError::Allocate { bytes: 10, source: "no memory" });
        assert_eq!(pool.budget().reserved(), 0);
    }
}
