//! The metrics of the dispatch.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use super::decision::DispatchTarget;

/// Microseconds, from a kernel launch to a second.
const MICROSECONDS: [f64; 16] =
    [10.0, 20.0, 50.0, 100.0, 200.0, 300.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 3e5, 1e6];

/// Instruments of a [`HybridExecutor`](super::HybridExecutor).
#[derive(Clone, Debug)]
pub struct Metrics {
    launches: Counter<u64>,
    fallbacks: Counter<u64>,
    success: Gauge<f64>,
    speedup: Gauge<f64>,
    batch: Histogram<u64>,
    latency: Histogram<f64>,
}

impl Metrics {
    /// Makes the instruments with `meter`.
    pub fn new(meter: &Meter) -> Self {
        let counter =
            |name, description| meter.u64_counter(name).with_description(description).build();
        let ratio = |name, description| {
            meter.f64_gauge(name).with_unit("1").with_description(description).build()
        };
        Self {
            launches: counter("courant_gpu_launch", "Batches tried on the GPU"),
            fallbacks: counter("courant_gpu_fallback", "Batches that failed there"),
            success: ratio("courant_gpu_success", "Launches that did not fail, of the last ones"),
            speedup: ratio("courant_gpu_speedup", "CPU time per item over the GPU's, lately"),
            batch: meter
                .u64_histogram("courant_gpu_batch_items")
                .with_description("Items per batch, by operation and device")
                .with_boundaries((0..=20).map(|power| f64::from(1 << power)).collect())
                .build(),
            latency: meter
                .f64_histogram("courant_gpu_latency")
                .with_unit("us")
                .with_description("Time per batch, by operation and device")
                .with_boundaries(MICROSECONDS.to_vec())
                .build(),
        }
    }

    /// A batch ran, or failed.
    pub(super) fn run(
        &self,
        operation: &'static str,
        items: usize,
        target: DispatchTarget,
        took: Option<Duration>,
    ) {
        let name = KeyValue::new("operation", operation);
        if target == DispatchTarget::Gpu {
            self.launches.add(1, std::slice::from_ref(&name));
            // A counter that was never added to does not exist: show zero.
            self.fallbacks.add(u64::from(took.is_none()), std::slice::from_ref(&name));
        }
        if let Some(took) = took {
            let labels = [name, KeyValue::new("device", target.as_str())];
            self.batch.record(items as u64, &labels);
            self.latency.record(took.as_nanos() as f64 / 1e3, &labels);
        }
    }

    /// Shows the state of a bucket. Labels are bounded: 64 buckets at most.
    pub(super) fn state(
        &self,
        operation: &'static str,
        bucket: u32,
        success: Option<f64>,
        speedup: Option<f64>,
    ) {
        let from = KeyValue::new("batch_from", i64::try_from(1_u64 << bucket).unwrap_or(i64::MAX));
        let labels = [KeyValue::new("operation", operation), from];
        if let Some(success) = success {
            self.success.record(success, &labels);
        }
        if let Some(speedup) = speedup {
            self.speedup.record(speedup, &labels);
        }
    }
}
