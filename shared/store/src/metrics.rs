//! The store's counters and timers.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::articles::record::UpsertOutcome;
use crate::error::Error;

/// The store's instruments.
#[derive(Debug)]
pub(crate) struct Metrics {
    backend: &'static str,
    duration: Histogram<f64>,
    upserts: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter, backend: &'static str) -> Self {
        Self {
            backend,
            duration: meter
                .f64_histogram("courant_store_duration")
                .with_unit("s")
                .with_description("Time of a store operation, by operation, backend and outcome")
                .build(),
            upserts: meter
                .u64_counter("courant_store_upserts")
                .with_description("Article records by what the store did with them")
                .build(),
        }
    }

    pub(crate) fn operation(&self, name: &'static str, took: Duration, error: Option<&Error>) {
        let labels = [
            KeyValue::new("operation", name),
            KeyValue::new("backend", self.backend),
            KeyValue::new("outcome", error.map_or("ok", Error::label)),
        ];
        self.duration.record(took.as_secs_f64(), &labels);
    }

    pub(crate) fn upserted(&self, outcomes: &[UpsertOutcome]) {
        let kinds = [
            (UpsertOutcome::Inserted, "inserted"),
            (UpsertOutcome::Updated, "updated"),
            (UpsertOutcome::Unchanged, "unchanged"),
            (UpsertOutcome::Deleted, "deleted"),
        ];
        for (kind, label) in kinds {
            let count = outcomes.iter().filter(|outcome| **outcome == kind).count();
            if count > 0 {
                self.upserts.add(count as u64, &[KeyValue::new("outcome", label)]);
            }
        }
    }
}
