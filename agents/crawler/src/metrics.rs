//! The metrics of the crawler for Prometheus.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};

use crate::outcome::{Failure, Outcome, Refusal};

/// The crawler's instruments.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    messages: Counter<u64>,
    pages: Counter<u64>,
    requests: Counter<u64>,
    body_bytes: Counter<u64>,
    stage_duration: Histogram<f64>,
    frontier: Gauge<u64>,
    leases: Gauge<u64>,
    lost_leases: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let metrics = Self {
            messages: meter
                .u64_counter("courant_messages")
                .with_description("Messages handled, by agent and outcome")
                .build(),
            pages: meter
                .u64_counter("courant_crawl_pages")
                .with_description("Pages found, by what became of them and why")
                .build(),
            requests: meter
                .u64_counter("courant_crawl_requests")
                .with_description("Requests sent, by what the server answered")
                .build(),
            body_bytes: meter
                .u64_counter("courant_crawl_body_size")
                .with_unit("By")
                .with_description("Bodies fetched, unpacked")
                .build(),
            stage_duration: meter
                .f64_histogram("courant_stage_duration")
                .with_unit("s")
                .with_description("Time spent per message in a stage of an agent")
                .build(),
            frontier: meter
                .u64_gauge("courant_crawl_frontier")
                .with_description("Pages that wait for their turn")
                .build(),
            leases: meter
                .u64_gauge("courant_crawl_leases")
                .with_description("Registered domains whose lease this crawler has")
                .build(),
            lost_leases: meter
                .u64_counter("courant_crawl_lost_leases")
                .with_description("Leases that another crawler took over")
                .build(),
        };
        metrics.begin();
        metrics
    }

    /// Starts the counters at zero, so that the first page of each kind shows as a rise.
    fn begin(&self) {
        let ends = Outcome::ALL.iter().map(|outcome| (outcome.as_str(), ""));
        let refusals = Refusal::ALL.iter().map(|refusal| ("refused", refusal.as_str()));
        let failures = Failure::ALL.iter().map(|failure| ("failed", failure.as_str()));
        for (outcome, reason) in ends.chain(refusals).chain(failures) {
            let labels = [KeyValue::new("outcome", outcome), KeyValue::new("reason", reason)];
            self.pages.add(0, &labels);
        }
        self.lost_leases.add(0, &[]);
        self.leases.record(0, &[]);
    }

    /// Counts a finished page. Both labels come from the fixed sets in `outcome.rs`.
    pub(crate) fn page(&self, outcome: &'static str, reason: &'static str) {
        let outcome = KeyValue::new("outcome", outcome);
        self.messages.add(1, &[KeyValue::new("agent", "crawler"), outcome.clone()]);
        self.pages.add(1, &[outcome, KeyValue::new("reason", reason)]);
    }

    /// Counts a request. `answer` is the kind of answer, such as `document` or `server_error`, or
    /// the reason of the failure.
    pub(crate) fn request(&self, answer: &'static str) {
        self.requests.add(1, &[KeyValue::new("answer", answer)]);
    }

    pub(crate) fn body(&self, size_bytes: usize) {
        self.body_bytes.add(size_bytes as u64, &[]);
    }

    pub(crate) fn stage(&self, stage: &'static str, took: Duration) {
        let labels = [KeyValue::new("agent", "crawler"), KeyValue::new("stage", stage)];
        self.stage_duration.record(took.as_secs_f64(), &labels);
    }

    pub(crate) fn leases(&self, held: usize) {
        self.leases.record(held as u64, &[]);
    }

    pub(crate) fn lost_lease(&self) {
        self.lost_leases.add(1, &[]);
    }

    pub(crate) fn frontier(&self, queued: usize) {
        self.frontier.record(queued as u64, &[]);
    }
}
