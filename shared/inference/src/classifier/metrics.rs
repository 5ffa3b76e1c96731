//! The metrics of the cache of classifiers.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

/// The way in which a classifier was had.
#[derive(Clone, Copy, Debug)]
pub(super) enum LoadOutcome {
    Hit,
    Loaded,
    Failed,
}

pub(super) struct CacheMetrics {
    requests: Counter<u64>,
    evictions: Counter<u64>,
    load: Histogram<f64>,
    memory: Gauge<u64>,
}

impl CacheMetrics {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            requests: meter
                .u64_counter("courant_model_requests")
                .with_description("Classifiers asked for by outcome: hit, loaded, failed")
                .build(),
            evictions: meter
                .u64_counter("courant_model_evictions")
                .with_description("Classifiers given up because another needed their memory")
                .build(),
            load: meter
                .f64_histogram("courant_model_load_duration")
                .with_unit("s")
                .with_description("Time to load one classifier")
                .with_boundaries(vec![0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0])
                .build(),
            memory: meter
                .u64_gauge("courant_model_memory")
                .with_unit("By")
                .with_description("Size of the loaded classifiers' files, times their sessions")
                .build(),
        }
    }

    pub(super) fn request(&self, outcome: LoadOutcome) {
        let outcome = match outcome {
            LoadOutcome::Hit => "hit",
            LoadOutcome::Loaded => "loaded",
            LoadOutcome::Failed => "failed",
        };
        self.requests.add(1, &[KeyValue::new("outcome", outcome)]);
    }

    pub(super) fn evicted(&self) {
        self.evictions.add(1, &[]);
    }

    pub(super) fn loaded(&self, took: Duration) {
        self.load.record(took.as_secs_f64(), &[]);
    }

    pub(super) fn memory(&self, bytes: u64) {
        self.memory.record(bytes, &[]);
    }
}
