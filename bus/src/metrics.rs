//! The metrics of the bus.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Meter};

use crate::consumer::Consumer;
use crate::error::PublishError;
use crate::published::PublishAck;
use crate::queue_status::QueueStatus;
use crate::stages::Stream;
use crate::subject::Subject;

/// The possible outcomes of publishing.
const PUBLISHED: [&str; 5] = ["stored", "duplicate", "full", "too_large", "failed"];
/// The possible ends of a delivery.
const SETTLED: [&str; 4] = ["acknowledged", "retried", "dead", "unconfirmed"];
/// Why a message is given up.
const DEAD: [&str; 3] = ["exhausted", "discarded", "abandoned"];

#[derive(Clone)]
pub(crate) struct Metrics {
    published: Counter<u64>,
    settled: Counter<u64>,
    redelivered: Counter<u64>,
    dead_letters: Counter<u64>,
    letters_expired: Counter<u64>,
    missed: Counter<u64>,
    gaps: Counter<u64>,
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
            letters_expired: counter(
                "courant_bus_dead_letters_expired",
                "Dead letters that went by their age or number, unseen or not",
            ),
            missed: counter("courant_bus_missed", "Broadcasts dropped before a slow listener"),
            gaps: counter(
                "courant_bus_gaps",
                "Times that a follower was told of messages that it will not get",
            ),
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

    /// The same for the deliveries to `consumer`.
    pub(crate) fn consumes(&self, consumer: &Consumer) {
        for outcome in SETTLED {
            self.settled.add(0, &settling(consumer, outcome));
        }
        for reason in DEAD {
            self.dead_letters.add(0, &giving_up(consumer, reason));
        }
        self.redelivered.add(0, &[stage(consumer)]);
        self.letters_expired.add(0, &[]);
    }

    pub(crate) fn published(&self, subject: Subject, result: &Result<PublishAck, PublishError>) {
        let outcome = match result {
            Ok(published) if published.duplicate => "duplicate",
            Ok(_) => "stored",
            Err(PublishError::Full(_)) => "full",
            Err(PublishError::TooLarge { .. }) => "too_large",
            Err(_) => "failed",
        };
        self.published.add(1, &publishing(subject, outcome));
    }

    pub(crate) fn delivered(&self, consumer: &Consumer, attempt: u32) {
        if attempt > 1 {
            self.redelivered.add(1, &[stage(consumer)]);
        }
    }

    pub(crate) fn settled(&self, consumer: &Consumer, outcome: &'static str) {
        self.settled.add(1, &settling(consumer, outcome));
    }

    pub(crate) fn given_up(&self, consumer: &Consumer, reason: &'static str) {
        self.dead_letters.add(1, &giving_up(consumer, reason));
    }

    /// A follower of `stream` was told of a gap.
    pub(crate) fn gap(&self, stream: Stream) {
        self.gaps.add(1, &[KeyValue::new("stream", stream.as_str())]);
    }

    /// Dead letters went by their age or number.
    pub(crate) fn letters_expired(&self, letters: u64) {
        if letters > 0 {
            tracing::warn!(letters, "dead letters were removed by their age or number");
        }
        self.letters_expired.add(letters, &[]);
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

/// A follower stands beside the stages, under its name.
fn stage(consumer: &Consumer) -> KeyValue {
    KeyValue::new("stage", consumer.label())
}

fn settling(consumer: &Consumer, outcome: &'static str) -> [KeyValue; 2] {
    [stage(consumer), KeyValue::new("outcome", outcome)]
}

fn giving_up(consumer: &Consumer, reason: &'static str) -> [KeyValue; 2] {
    [stage(consumer), KeyValue::new("reason", reason)]
}
