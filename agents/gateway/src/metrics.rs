//! The gateway's counts, beside those of its decisions.

use courant_service::AgentMetrics;
use opentelemetry::metrics::{Counter, Meter};

use crate::config::AGENT;

/// The gateway's instruments.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) agent: AgentMetrics,
    degraded: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            agent: AgentMetrics::new(AGENT.name, meter),
            degraded: meter
                .u64_counter("courant_searches_degraded")
                .with_description("Searches answered by text only, for want of a query vector")
                .build(),
        };
        // Counted from zero, so that the first one shows as a rise.
        metrics.degraded.add(0, &[]);
        metrics
    }

    pub(crate) fn degraded_search(&self) {
        self.degraded.add(1, &[]);
    }
}
