//! The clock, which is passed in so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The source of the wall-clock time. Durations are measured with
/// `tokio::time::Instant`, which tests pause by tokio's own means.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Unix milliseconds; `None` is the system's clock.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// Makes a clock that follows the system.
    pub fn system() -> Self {
        Self::default()
    }

    /// Makes a clock that stands at `unix_ms` until it is moved.
    pub fn fixed(unix_ms: i64) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(unix_ms))) }
    }

    /// Moves a fixed clock forward. Has no effect on the system's clock.
    pub fn advance(&self, by: std::time::Duration) {
        if let Some(now) = &self.fixed {
            now.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }

    /// Sets a fixed clock, also back. Has no effect on the system's clock.
    pub fn set(&self, unix_ms: i64) {
        if let Some(now) = &self.fixed {
            now.store(unix_ms, Ordering::Relaxed);
        }
    }

    /// Unix milliseconds.
    pub fn unix_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Returns the time as a timestamp.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    pub fn now(&self) -> jiff::Timestamp {
        match &self.fixed {
            None => jiff::Timestamp::now(),
            Some(fixed) => jiff::Timestamp::from_millisecond(fixed.load(Ordering::Relaxed))
                .unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let clock = Clock::fixed(1_000);
        assert_eq!(clock.unix_ms(), 1_000);
        clock.clone().advance(Duration::from_secs(2));
        assert_eq!(clock.unix_ms(), 3_000);
    }
}
