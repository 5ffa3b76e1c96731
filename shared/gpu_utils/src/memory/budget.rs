//! Budgets that refuse a reservation instead of exhausting the memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A reservation would exceed its budget: nothing was reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} bytes for {purpose} exceed the {available} left of {limit}")]
pub struct BudgetExceeded {
    /// The purpose of the reservation.
    pub purpose: &'static str,
    /// In bytes.
    pub wanted: u64,
    /// The bytes that are left.
    pub available: u64,
    /// The whole budget, in bytes.
    pub limit: u64,
}

/// A limit on the bytes that may be taken. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The reservation in the budget that this one was cut from.
    _lease: Option<Reservation>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: u64,
    reserved: u64,
    next_id: u64,
    open: BTreeMap<u64, (&'static str, u64)>,
}

impl State {
    fn available(&self) -> u64 {
        self.limit.saturating_sub(self.reserved)
    }
}

impl Budget {
    /// Makes a budget of `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self::with_lease(limit, None)
    }

    fn with_lease(limit: u64, lease: Option<Reservation>) -> Self {
        let state = State { limit, reserved: 0, next_id: 0, open: BTreeMap::new() };
        Self { shared: Arc::new(Shared { _lease: lease, state: Mutex::new(state) }) }
    }

    /// Reserves a part of this budget as a budget of its own. Its whole limit stays reserved
    /// here until its last clone and its last reservation are dropped.
    ///
    /// # Errors
    /// [`BudgetExceeded`] if the caps together would exceed this budget.
    pub fn lease(&self, purpose: &'static str, cap: u64) -> Result<Self, BudgetExceeded> {
        Ok(Self::with_lease(cap, Some(self.reserve(purpose, cap)?)))
    }

    /// Reserves bytes until the reservation is dropped.
    ///
    /// # Errors
    /// [`BudgetExceeded`] if fewer bytes are left.
    pub fn reserve(
        &self,
        purpose: &'static str,
        bytes: u64,
    ) -> Result<Reservation, BudgetExceeded> {
        let mut state = self.state();
        let available = state.available();
        if bytes > available {
            return Err(BudgetExceeded { purpose, wanted: bytes, available, limit: state.limit });
        }
        let id = state.next_id;
        state.next_id += 1;
        state.reserved += bytes;
        state.open.insert(id, (purpose, bytes));
        Ok(Reservation { id, bytes, budget: self.clone() })
    }

    /// Sets the limit for later reservations. Present reservations stay, even above a lower
    /// limit.
    pub fn set_limit(&self, limit: u64) {
        self.state().limit = limit;
    }

    /// In bytes.
    pub fn limit(&self) -> u64 {
        self.state().limit
    }

    /// Returns the reserved bytes.
    pub fn reserved(&self) -> u64 {
        self.state().reserved
    }

    /// The bytes that are left.
    pub fn available(&self) -> u64 {
        self.state().available()
    }

    /// Returns every open reservation: its id, purpose and bytes.
    pub fn open(&self) -> Vec<(u64, &'static str, u64)> {
        self.state().open.iter().map(|(&id, &(purpose, bytes))| (id, purpose, bytes)).collect()
    }

    /// No code panics while it holds the lock, so the state is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reserved bytes, which are released when this value is dropped.
#[derive(Debug)]
#[must_use = "dropping gives the bytes back"]
pub struct Reservation {
    id: u64,
    bytes: u64,
    budget: Budget,
}

impl Reservation {
    /// Returns the id, which is unique in the budget.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the number of bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.budget.state();
        state.open.remove(&self.id);
        state.reserved -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_dropped_returns() {
        let budget = Budget::new(100);
        let kept = budget.reserve("weights", 60).unwrap();
        let refused = budget.reserve("batch", 41).unwrap_err();
        assert_eq!(
            refused,
            BudgetExceeded { purpose: "batch", wanted: 41, available: 40, limit: 100 }
        );
        assert_eq!(budget.open(), vec![(kept.id(), "weights", 60)]);
        drop(kept);
        assert!(budget.reserve("batch", 100).is_ok());
        assert_eq!(budget.reserved(), 0);
    }

    #[test]
    fn leases_together_stay_under_the_device() {
        let device = Budget::new(100);
        let embedder = device.lease("embedder", 60).unwrap();
        assert!(device.lease("analyst", 60).is_err());
        let batch = embedder.reserve("batch", 10).unwrap();
        drop(embedder);
        assert_eq!(device.reserved(), 60, "a batch of the embedder still runs");
        drop(batch);
        assert_eq!(device.reserved(), 0);
    }

    #[test]
    fn a_lowered_limit_refuses_but_takes_nothing_away() {
        let budget = Budget::new(100);
        let kept = budget.reserve("weights", 80).unwrap();
        budget.set_limit(50);
        assert_eq!(budget.reserve("batch", 1).unwrap_err().available, 0);
        assert_eq!(kept.bytes(), 80);
    }

    proptest! {
        #[test]
        fn never_more_is_reserved_than_the_limit(
            steps in prop::collection::vec((0u64..300, any::<bool>()), 0..200)
        ) {
            let budget = Budget::new(1000);
            let mut open = Vec::new();
            for (bytes, release) in steps {
                if release && !open.is_empty() {
                    drop(open.swap_remove(usize::try_from(bytes).unwrap() % open.len()));
                } else {
                    open.extend(budget.reserve("any", bytes));
                }
                let sum: u64 = open.iter().map(Reservation::bytes).sum();
                prop_assert_eq!(sum, budget.reserved());
                prop_assert!(sum <= 1000);
            }
        }
    }
}
