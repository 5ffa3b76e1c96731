//! The instruments that every agent has.

use std::time::Duration;

use courant_bus::Settled;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::RefusalKind;

/// The counters and timings of every agent: `courant_messages_total{agent,outcome}`,
/// `courant_requests_refused_total{agent,reason}` and
/// `courant_stage_duration_seconds{agent,stage}`.
#[derive(Clone)]
pub struct AgentMetrics {
    agent: &'static str,
    messages: Counter<u64>,
    refused: Counter<u64>,
    stages: Histogram<f64>,
}

impl AgentMetrics {
    /// Makes the instruments of `agent`.
    pub fn new(agent: &'static str, meter: &Meter) -> Self {
        Self {
            agent,
            messages: meter
                .u64_counter("courant_messages")
                .with_description("Messages worked off, by outcome")
                .build(),
            refused: meter
                .u64_counter("courant_requests_refused")
                .with_description("Requests over HTTP and gRPC that were not served, by reason")
                .build(),
            stages: meter
                .f64_histogram("courant_stage_duration")
                .with_unit("s")
                .with_description("Time that one message spends in a stage of an agent")
                .build(),
        }
    }

    /// Counts one settled message by its outcome.
    pub fn settled(&self, settled: Settled) {
        let outcome = match settled {
            Settled::Acknowledged => "acknowledged",
            Settled::Retried(_) => "retried",
            Settled::Dead => "dead",
            Settled::Unconfirmed => "unconfirmed",
        };
        let labels = [KeyValue::new("agent", self.agent), KeyValue::new("outcome", outcome)];
        self.messages.add(1, &labels);
    }

    /// Counts one request that was not served.
    pub fn refused(&self, refused: RefusalKind) {
        let labels = [KeyValue::new("agent", self.agent), KeyValue::new("reason", refused.word())];
        self.refused.add(1, &labels);
    }

    /// Records the time of one stage. `stage` is one of a few names that are fixed in the code.
    pub fn stage(&self, stage: &'static str, took: Duration) {
        let labels = [KeyValue::new("agent", self.agent), KeyValue::new("stage", stage)];
        self.stages.record(took.as_secs_f64(), &labels);
    }

    /// Runs `work` and records its time as `stage`.
    pub async fn timed<T>(&self, stage: &'static str, work: impl Future<Output = T>) -> T {
        let started = tokio::time::Instant::now();
        let result = work.await;
        self.stage(stage, started.elapsed());
        result
    }
}
