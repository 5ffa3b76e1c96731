//! The gateway's counts, beside those of its decisions. The bus records the depth and age of all
//! queues whenever [`crate::pressure`] looks at them.

use courant_proto::v1::pressure::Level;
use courant_service::AgentMetrics;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use crate::config::AGENT;

/// The gateway's instruments.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) agent: AgentMetrics,
    pressure: Gauge<u64>,
    degraded: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            agent: AgentMetrics::new(AGENT.name, meter),
            pressure: meter
                .u64_gauge("courant_pressure_level")
                .with_description("What publishers are asked for: 0 anything, 1 slow, 2 nothing")
                .build(),
            degraded: meter
                .u64_counter("courant_searches_degraded")
                .with_description("Searches answered by text only, for want of a query vector")
                .build(),
        };
        // Counted from zero, so that the first one shows as a rise.
        metrics.degraded.add(0, &[]);
        metrics
    }

    pub(crate) fn pressure(&self, level: Level) {
        let height = match level {
            Level::Unspecified | Level::None => 0,
            Level::Slow => 1,
            Level::Stop => 2,
        };
        self.pressure.record(height, &[]);
    }

    pub(crate) fn degraded_search(&self) {
        self.degraded.add(1, &[]);
    }
}
