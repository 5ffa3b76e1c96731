//! The counts and times of decisions, beside those of every agent.

use courant_article::Decision;
use courant_proto::v1::pressure::Level;
use courant_service::AgentMetrics;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

/// The instruments of the door.
#[derive(Clone)]
pub struct Metrics {
    /// Those of every agent.
    pub agent: AgentMetrics,
    entries: Counter<u64>,
    near_index: Gauge<u64>,
    near_left_out: Counter<u64>,
    open_claims: Gauge<u64>,
    released: Counter<u64>,
    pressure: Gauge<u64>,
}

impl Metrics {
    /// Makes the instruments, beside those of `agent`.
    pub fn new(agent: AgentMetrics, meter: &Meter) -> Self {
        let metrics = Self {
            agent,
            entries: meter
                .u64_counter("courant_entries")
                .with_description("Entries judged, by decision")
                .build(),
            near_index: meter
                .u64_gauge("courant_near_index_articles")
                .with_description("Texts in the index of near texts")
                .build(),
            near_left_out: meter
                .u64_counter("courant_near_checks_left_out")
                .with_description("Entries judged by their exact text alone, for want of Redis")
                .build(),
            open_claims: meter
                .u64_gauge("courant_claims_open")
                .with_description("Accepted articles that are not stored yet, 10000 at most")
                .build(),
            released: meter
                .u64_counter("courant_claims_released")
                .with_description("Accepted articles that nothing will store: let in again")
                .build(),
            pressure: meter
                .u64_gauge("courant_pressure_level")
                .with_description("What publishers are asked for: 0 anything, 1 slow, 2 nothing")
                .build(),
        };
        metrics.begin();
        metrics
    }

    /// Counts rare events from zero, so that the first of them shows as a rise.
    fn begin(&self) {
        for decision in Decision::ALL {
            self.entries.add(0, &[KeyValue::new("decision", decision.as_str())]);
        }
        self.near_left_out.add(0, &[]);
        self.released.add(0, &[]);
        self.near_index(0);
    }

    pub(crate) fn pressure(&self, level: Level) {
        let height = match level {
            Level::Unspecified | Level::None => 0,
            Level::Slow => 1,
            Level::Stop => 2,
        };
        self.pressure.record(height, &[]);
    }

    pub(crate) fn decided(&self, decision: Decision) {
        self.entries.add(1, &[KeyValue::new("decision", decision.as_str())]);
    }

    pub(crate) fn near_index(&self, articles: usize) {
        self.near_index.record(articles as u64, &[]);
    }

    pub(crate) fn near_check_left_out(&self) {
        self.near_left_out.add(1, &[]);
    }

    pub(crate) fn open_claims(&self, claims: usize) {
        self.open_claims.record(claims as u64, &[]);
    }

    pub(crate) fn released(&self, claims: u64) {
        self.released.add(claims, &[]);
    }
}
