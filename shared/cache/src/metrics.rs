//! The counters of the cache.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

/// The place in which an answer is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CacheLevel {
    Memory,
    Redis,
    Loader,
}

/// The result of looking there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LookupOutcome {
    Hit,
    Miss,
    Error,
}

/// The cache's instruments.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    requests: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let requests = meter
            .u64_counter("courant_cache_requests")
            .with_description("Requests by level (memory, redis, loader) and outcome")
            .build();
        Self { requests }
    }

    pub(crate) fn request(&self, level: CacheLevel, outcome: LookupOutcome) {
        let level = match level {
            CacheLevel::Memory => "memory",
            CacheLevel::Redis => "redis",
            CacheLevel::Loader => "loader",
        };
        let outcome = match outcome {
            LookupOutcome::Hit => "hit",
            LookupOutcome::Miss => "miss",
            LookupOutcome::Error => "error",
        };
        let labels = [KeyValue::new("level", level), KeyValue::new("outcome", outcome)];
        self.requests.add(1, &labels);
    }
}
