//! The memory of a device that one agent may take.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Budget, BudgetExceeded, Config, Reservation, UsableFraction};

/// The bytes of one device that one agent may take: the usable fraction of the device, at
/// most the agent's cap. Clones share it.
#[derive(Clone, Debug)]
pub struct DeviceBudget {
    budget: Budget,
    total_bytes: u64,
    cap_bytes: u64,
    fraction: Arc<Mutex<UsableFraction>>,
}

impl DeviceBudget {
    /// Makes the budget for a device of `total_bytes`.
    pub fn new(config: &Config, total_bytes: u64) -> Self {
        let Config { usable_fraction, agent_cap_bytes: cap_bytes } = *config;
        let budget = Budget::new(usable_fraction.of(total_bytes).min(cap_bytes));
        Self { budget, total_bytes, cap_bytes, fraction: Arc::new(Mutex::new(usable_fraction)) }
    }

    /// Returns the present limit in bytes.
    pub fn limit(&self) -> u64 {
        self.budget.limit()
    }

    /// Reserves a budget of `most` bytes, or of the bytes that are left.
    ///
    /// # Errors
    /// [`BudgetExceeded`] if less than `least` is left.
    pub fn lease(
        &self,
        purpose: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Budget, BudgetExceeded> {
        let cap = self.budget.available().min(most).max(least);
        self.budget.lease(purpose, cap)
    }

    /// Adjusts the limit after a window of work. `peak`: the greatest used share of the whole
    /// device. Present reservations stay; only later ones get more or less.
    pub fn observe(&self, peak: f64, out_of_memory: bool) {
        // Nothing panics while the lock is held.
        let mut fraction = self.fraction.lock().unwrap_or_else(PoisonError::into_inner);
        let after = fraction.after(peak, out_of_memory);
        if after != *fraction {
            let limit = after.of(self.total_bytes).min(self.cap_bytes);
            tracing::debug!(peak, out_of_memory, usable = after.get(), limit, "device budget");
            self.budget.set_limit(limit);
            *fraction = after;
        }
    }
}

/// The reservation of one growing structure in a [`DeviceBudget`].
#[derive(Debug)]
pub struct DeviceRoom {
    device: DeviceBudget,
    purpose: &'static str,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    reservation: Option<Reservation>,
    /// True once the lack of memory was logged.
    told: bool,
}

impl DeviceRoom {
    /// Makes an empty reservation.
    pub fn new(device: DeviceBudget, purpose: &'static str) -> Self {
        Self { device, purpose, taken: Mutex::default() }
    }

    /// Replaces the reservation by one of `bytes`.
    ///
    /// # Errors
    /// [`BudgetExceeded`], which is logged the first time. Nothing is reserved then.
    pub fn take(&self, bytes: u64) -> Result<(), BudgetExceeded> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.reservation.as_ref().is_some_and(|reservation| reservation.bytes() == bytes) {
            return Ok(());
        }
        taken.reservation = None;
        let reserved = self.device.budget.reserve(self.purpose, bytes);
        if let Err(reason) = &reserved
            && !taken.told
        {
            tracing::warn!(%reason, "an operation stays on the CPU");
        }
        taken.told = reserved.is_err();
        taken.reservation = Some(reserved?);
        Ok(())
    }

    /// Records that the device lacked memory. Releases the reservation, and lowers the limit of
    /// the agent.
    pub fn lacked(&self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).reservation = None;
        self.device.observe(1.0, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn of(total_bytes: u64) -> DeviceBudget {
        DeviceBudget::new(&Config::default(), total_bytes)
    }

    #[test]
    fn the_cap_or_the_fraction_bounds_an_agent() {
        assert_eq!(of(4 * GB).limit(), 3_400_000_000);
        assert_eq!(of(80 * GB).limit(), 6 * GB);
    }

    #[test]
    fn models_together_take_no_more_than_the_agent_may() {
        let device = of(80 * GB);
        let first = device.lease("encode", GB, 4 * GB).unwrap();
        let second = device.lease("classify", GB, 4 * GB).unwrap();
        assert_eq!((first.limit(), second.limit()), (4 * GB, 2 * GB));
        assert_eq!(device.lease("classify", GB, 4 * GB).unwrap_err().available, 0);
        drop(first);
        assert_eq!(device.lease("classify", GB, u64::MAX).unwrap().limit(), 4 * GB);
    }

    #[test]
    fn the_limit_follows_the_use_of_the_device() {
        let device = of(4 * GB);
        device.observe(0.95, false);
        assert_eq!(device.limit(), 3 * GB);
        device.clone().observe(0.75, true);
        assert_eq!(device.limit(), 2_600_000_000);
        device.observe(0.75, false);
        assert_eq!(device.limit(), 2_600_000_000);
        device.observe(0.30, false);
        assert_eq!(device.limit(), 2_800_000_000);
        let capped = of(80 * GB);
        capped.observe(0.95, false);
        assert_eq!(capped.limit(), 6 * GB);
    }

    #[test]
    fn what_grows_beyond_the_budget_takes_nothing() {
        let device = of(4 * GB);
        let room = DeviceRoom::new(device.clone(), "vectors");
        room.take(GB).unwrap();
        room.take(3 * GB).unwrap();
        let other = device.lease("encode", 1, u64::MAX).unwrap();
        assert_eq!(other.limit(), 400_000_000);
        assert!(room.take(3 * GB).is_ok(), "what it has");
        assert_eq!(room.take(3 * GB + 400_000_001).unwrap_err().available, 3 * GB);
        assert_eq!(device.lease("encode", 3 * GB, u64::MAX).unwrap().limit(), 3 * GB);
    }

    #[test]
    fn a_device_that_lacked_memory_takes_less_the_next_time() {
        let room = DeviceRoom::new(of(4 * GB), "vectors");
        room.take(3 * GB).unwrap();
        room.lacked();
        room.take(3 * GB).unwrap();
        room.lacked();
        assert_eq!(room.take(3 * GB).unwrap_err().limit, 2_600_000_000);
        assert!(room.take(2 * GB).is_ok());
    }
}
