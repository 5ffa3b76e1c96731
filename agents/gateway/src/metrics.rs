//! The gateway's counts and times, beside those of every agent. The bus records the depth
//! and age of all queues whenever [`crate::pressure`] looks at them.

use courant_article::Decision;
use courant_proto::v1::pressure::Level;
use courant_service::AgentMetrics;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

/// The gateway's instruments.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) agent: AgentMetrics,
    entries: Counter<u64>,
    pressure: Gauge<u64>,
    degraded: Counter<u64>,
    near_index: Gauge<u64>,
    near_left_out: Counter<u64>,
    open_claims: Gauge<u64>,
    released: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            agent: AgentMetrics::new("gateway", meter),
            entries: meter
                .u64_counter("courant_entries")
                .with_description("Entries judged, by decision")
                .build(),
            pressure: meter
                .u64_gauge("courant_pressure_level")
                .with_description("What publishers are asked for: 0 anything, 1 slow, 2 nothing")
                .build(),
            degraded: meter
                .u64_counter("courant_searches_degraded")
                .with_description("Searches answered by text only, for want of a query vector")
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
        };
        metrics.begin();
        metrics
    }

    /// Counts rare events from zero, so that the first of them shows as a rise.
    fn begin(&self) {
        for decision in Decision::ALL {
            self.entries.add(0, &[KeyValue::new("decision", decision.as_str())]);
        }
        self.degraded.add(0, &[]);
        self.near_left_out.add(0, &[]);
        self.released.add(0, &[]);
        self.near_index(0);
    }

    pub(crate) fn decided(&self, decision: Decision) {
        self.entries.add(1, &[KeyValue::new("decision", decision.as_str())]);
    }

    pub(crate) fn pressure(&self, level: Level) {
        let height = match level {
            Level::Unspecified | Level::None => 0,
            Level::Slow => 1,
            Level::Stop => 2,
        };
        self.pressure.record(height, &[]);
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

    pub(crate) fn degraded_search(&self) {
        self.degraded.add(1, &[]);
    }
}
