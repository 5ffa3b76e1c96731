//! Times of questions.

use std::time::Duration;

use serde::Serialize;

/// The times of one kind of question, milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Timed {
    pub(super) name: String,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    /// Answers with fewer hits than asked for.
    pub(super) short: usize,
}

impl Timed {
    pub(super) fn of(name: impl Into<String>, mut times: Vec<Duration>, short: usize) -> Self {
        times.sort();
        let at = |share: f64| {
            let place = (times.len() as f64 * share) as usize;
            milliseconds(times[place.min(times.len() - 1)])
        };
        Self { name: name.into(), p50: at(0.5), p95: at(0.95), p99: at(0.99), short }
    }
}

pub(super) fn milliseconds(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}
