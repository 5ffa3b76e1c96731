//! The part of a device's memory that a model's sessions may take.

use courant_gpu_utils::memory::{Budget, BudgetExceeded, DeviceBudget};

/// The memory that a model's sessions ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// The number of sessions.
    pub(crate) sessions: usize,
    /// The bytes that each may take beside its weights.
    pub(crate) workspace_bytes: u64,
}

/// A model's part of what its agent may take of a device, until the last clone is gone.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    device: DeviceBudget,
    lease: Budget,
    sessions: u64,
}

impl Share {
    /// Takes what the sessions ask for, or what is left.
    ///
    /// # Errors
    /// [`BudgetExceeded`] if the sessions' weights, `weights_bytes` each, do not fit.
    pub(crate) fn of(
        device: &DeviceBudget,
        purpose: &'static str,
        weights_bytes: u64,
        demand: Demand,
    ) -> Result<Self, BudgetExceeded> {
        let sessions = demand.sessions.max(1) as u64;
        let least = weights_bytes.saturating_mul(sessions);
        let most = demand.workspace_bytes.saturating_mul(sessions).saturating_add(least);
        let lease = device.lease(purpose, least, most)?;
        Ok(Self { device: device.clone(), lease, sessions })
    }

    /// The bytes that one session may take.
    pub(crate) fn session_bytes(&self) -> u64 {
        self.lease.limit() / self.sessions
    }

    /// The budget from which it was taken.
    pub(crate) fn device(&self) -> &DeviceBudget {
        &self.device
    }
}

#[cfg(test)]
mod tests {
    use courant_gpu_utils::memory::Config;

    use super::*;

    const GB: u64 = 1_000_000_000;

    fn agent() -> DeviceBudget {
        DeviceBudget::new(&Config::default(), 80 * GB)
    }

    #[test]
    fn sessions_divide_what_the_agent_may_take() {
        let demand = Demand { sessions: 2, workspace_bytes: u64::MAX };
        let share = Share::of(&agent(), "encode", GB / 10, demand).unwrap();
        assert_eq!(share.session_bytes(), 3 * GB);
    }

    #[test]
    fn models_take_what_is_left_until_their_weights_do_not_fit() {
        let agent = agent();
        let demand = Demand { sessions: 1, workspace_bytes: GB };
        let first = Share::of(&agent, "classify", 3 * GB, demand).unwrap();
        assert_eq!(first.session_bytes(), 4 * GB);
        let second = Share::of(&agent, "classify", 3 * GB / 2, demand).unwrap();
        assert_eq!(second.session_bytes(), 2 * GB);
        assert!(Share::of(&agent, "classify", 1, demand).is_err());
        drop(first);
        assert!(Share::of(&agent, "classify", 3 * GB, demand).is_ok());
    }
}
