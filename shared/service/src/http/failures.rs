//! Requests that fail: the first of a kind is told, the others once a minute as a count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two log lines about one target and code.
const INTERVAL: Duration = Duration::from_secs(60);

/// The failures by target and code, of which there are few.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Arc<Mutex<HashMap<(String, i64), LoggedFailure>>>);

#[derive(Debug)]
struct LoggedFailure {
    at: Instant,
    untold: u64,
}

impl Failures {
    /// Counts a failure. Returns the number of those since the last that was told, with this
    /// one, if it is to be told now.
    pub(super) fn note(&self, target: &str, code: i64) -> Option<u64> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let Some(told) = failures.get_mut(&(target.to_owned(), code)) else {
            failures.insert((target.to_owned(), code), LoggedFailure { at: now, untold: 0 });
            return Some(1);
        };
        told.untold += 1;
        if now.duration_since(told.at) < INTERVAL {
            return None;
        }
        told.at = now;
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn failures_of_one_kind_are_told_at_once_and_then_once_a_minute() {
        let failures = Failures::default();
        assert_eq!(failures.note("POST /v1/articles", 503), Some(1));
        assert_eq!(failures.note("POST /v1/articles", 503), None);
        assert_eq!(failures.note("GET /v1/search", 503), Some(1), "of another kind");
        tokio::time::advance(INTERVAL).await;
        assert_eq!(failures.note("POST /v1/articles", 503), Some(2));
        assert_eq!(failures.note("POST /v1/articles", 500), Some(1));
    }
}
