//! What the bus counts.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use crate::error::PublishError;
use crate::published::Published;
use crate::queue_status::QueueStatus;
use crate::stages::Stage;
use crate::subject::Subject;

/// What can become of a message that is published.
const PUBLISHED: [&str; 5] = ["stored", "duplicate", "full", "too_large", "failed"];
/// What can become of a delivery.
const SETTLED: [&str; 4] = ["acknowledged", "retried", "dead", "unconfirmed"];
/// Why a message is given up.
const DEAD: [&str; 3] = ["exhausted", "discarded", "abandoned"];

#[derive(Clone)]
pub(crate) struct Metrics {
    published: Counter<u64>,
    settled: Counter<u64>,
    redelivered: Counter<u64>,
    dead_letters: Counter<u64>,
    missed: Counter<u64>,
    depth: Gauge<u64>,
    oldest_age: Gauge<f64>,
}

impl Metrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let counter = |name: &'static str, about: &'static str| {
            meter.u64_counter(name).with_description(about).build()
        };
        Self {
            published: counter("courant_bus_published", "Messages offered to a stream, by outcome"),
            settled: counter("courant_bus_settled", "Deliveries settled, by outcome"),
            redelivered: counter("courant_bus_redelivered", "Deliveries after a message's first"),
            dead_letters: counter("courant_bus_dead_letters", "Messages given up, by reason"),
            missed: counter("courant_bus_missed", "Broadcasts dropped before a slow listener"),
            depth: meter
                .u64_gauge("courant_queue_depth")
                .with_description("Messages that a stream holds")
                .build(),
            oldest_age: meter
                .f64_gauge("courant_queue_oldest_age")
                .with_description("Age of the oldest message of a stream")
                .with_unit("s")
                .build(),
        }
    }

    /// Counters start at zero where something can happen, not when it first does:
    /// their first step would be no rise.
    pub(crate) fn publishes(&self, subjects: &[Subject]) {
        for subject in subjects {
            for outcome in PUBLISHED {
                self.published.add(0, &publishing(*subject, outcome));
            }
        }
    }

    /// The same for the deliveries of `stage`.
    pub(crate) fn consumes(&self, stage: Stage) {
        for outcome in SETTLED {
            self.settled.add(0, &settling(stage, outcome));
        }
        for reason in DEAD {
            self.dead_letters.add(0, &giving_up(stage, reason));
        }
        self.redelivered.add(0, &[KeyValue::new("stage", stage.as_str())]);
    }

    pub(crate) fn published(&self, subject: Subject, result: &Result<Published, PublishError>) {
        let outcome = match result {
            Ok(published) if published.duplicate => "duplicate",
            Ok(_) => "stored",
            Err(PublishError::Full(_)) => "full",
            Err(PublishError::TooLarge { .. }) => "too_large",
            Err(_) => "failed",
        };
        self.published.add(1, &publishing(subject, outcome));
    }

    pub(crate) fn delivered(&self, stage: Stage, attempt: u32) {
        if attempt > 1 {
            self.redelivered.add(1, &[KeyValue::new("stage", stage.as_str())]);
        }
    }

    pub(crate) fn settled(&self, stage: Stage, outcome: &'static str) {
        self.settled.add(1, &settling(stage, outcome));
    }

    pub(crate) fn dead_letter(&self, stage: Stage, reason: &'static str) {
        self.dead_letters.add(1, &giving_up(stage, reason));
    }

    pub(crate) fn missed(&self, messages: u64) {
        self.missed.add(messages, &[]);
    }

    pub(crate) fn queues(&self, queues: &[QueueStatus]) {
        for queue in queues {
            let labels = [KeyValue::new("stream", queue.stream.clone())];
            self.depth.record(queue.depth, &labels);
            let age = queue.oldest_age.unwrap_or_default();
            self.oldest_age.record(age.as_secs_f64(), &labels);
        }
    }
}

fn publishing(subject: Subject, outcome: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("subject", subject.as_str()), KeyValue::new("outcome", outcome)]
}

fn settling(stage: Stage, outcome: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("stage", stage.as_str()), KeyValue::new("outcome", outcome)]
}

fn giving_up(stage: Stage, reason: &'static str) -> [KeyValue; 2] {
    [KeyValue::new("stage", stage.as_str()), KeyValue::new("reason", reason)]
}
