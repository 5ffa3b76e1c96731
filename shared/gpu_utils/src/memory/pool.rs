//! Reusable buffers for copies between host and device.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Budget, BudgetExceeded, Reservation};

type Allocate<B, E> = dyn Fn(usize) -> Result<B, E> + Send + Sync;

/// The reasons why no buffer is available.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolError<E> {
    /// The pool's budget is used up by buffers in use.
    #[error("the staging pool is exhausted: {0}")]
    Exhausted(#[source] BudgetExceeded),
    /// The system could not allocate a buffer.
    #[error("no staging buffer of {bytes} bytes: {source}")]
    Allocate {
        /// Wanted.
        bytes: usize,
        /// Why not.
        source: E,
    },
}

/// A pool of buffers of one or more blocks each, within a budget. Returned buffers are kept.
/// When the budget is used up, idle buffers are freed first.
pub struct BufferPool<B, E> {
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

impl<B, E> BufferPool<B, E> {
    /// Makes a pool of buffers whose sizes are multiples of `block_bytes`. `allocate` makes a
    /// buffer of the given size in bytes.
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

    /// Returns a buffer of at least `bytes`: the smallest idle one that fits, else a new one.
    /// Its content is arbitrary.
    ///
    /// # Errors
    /// [`PoolError::Exhausted`] if the buffers in use leave too little of the budget;
    /// [`PoolError::Allocate`] if the system refuses.
    pub fn take(&self, bytes: usize) -> Result<PooledBuffer<B, E>, PoolError<E>> {
        let blocks = bytes.div_ceil(self.shared.block_bytes).max(1);
        let owned = match self.shared.take_idle(blocks) {
            Some(owned) => owned,
            None => self.shared.make(blocks)?,
        };
        Ok(PooledBuffer { owned: Some(owned), pool: Arc::clone(&self.shared) })
    }

    /// Frees all idle buffers.
    pub fn collect(&self) {
        self.shared.idle().clear();
    }

    /// Returns the budget, which has one reservation per buffer.
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

/// A buffer in use. Dropping it returns it to its pool.
pub struct PooledBuffer<B, E> {
    owned: Option<Owned<B>>,
    pool: Arc<Shared<B, E>>,
}

impl<B, E> PooledBuffer<B, E> {
    const OWNED: &str = "a block owns its buffer until it is dropped";

    /// Returns the id, which is unique in the pool's budget and stays the same when the buffer
    /// is used again.
    pub fn id(&self) -> u64 {
        self.owned.as_ref().expect(Self::OWNED).reservation.id()
    }
}

impl<B, E> Deref for PooledBuffer<B, E> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.owned.as_ref().expect(Self::OWNED).buffer
    }
}

impl<B, E> DerefMut for PooledBuffer<B, E> {
    fn deref_mut(&mut self) -> &mut B {
        &mut self.owned.as_mut().expect(Self::OWNED).buffer
    }
}

impl<B, E> Drop for PooledBuffer<B, E> {
    fn drop(&mut self) {
        self.pool.idle().extend(self.owned.take());
    }
}

impl<B, E> fmt::Debug for PooledBuffer<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("id", &self.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(limit: u64) -> BufferPool<Vec<u8>, ()> {
        BufferPool::new(Budget::new(limit), 10, |bytes| Ok(vec![0; bytes]))
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
        assert!(matches!(error, PoolError::Exhausted(BudgetExceeded { available: 0, .. })));
        drop(large);
        pool.collect();
        assert_eq!(pool.budget().reserved(), 0);
    }

    #[test]
    fn what_the_system_refuses_is_not_reserved() {
        let pool: BufferPool<Vec<u8>, &str> =
            BufferPool::new(Budget::new(100), 10, |_| Err("no memory"));
        let error = pool.take(5).unwrap_err();
        assert_eq!(error, PoolError::Allocate { bytes: 10, source: "no memory" });
        assert_eq!(pool.budget().reserved(), 0);
    }
}
