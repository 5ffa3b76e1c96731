//! The state of the streams.

use std::time::Duration;

use crate::limits::QueueLimits;
use crate::stages::Stage;

/// The oldest and newest message numbers of a work queue. They show, without any clock, that
/// all earlier messages were settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueEnds {
    /// The number of the oldest unsettled message.
    pub oldest: Option<u64>,
    /// The number of the newest message ever published; 0 if there was none.
    pub newest: u64,
}

impl QueueEnds {
    /// Returns true if every message up to the number `newest` is settled. This also holds for
    /// a queue that was emptied or created again.
    pub fn is_past(&self, newest: u64) -> bool {
        self.oldest.is_none_or(|oldest| oldest > newest) || self.newest < newest
    }
}

/// The state of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueStatus {
    /// The full name of the stream, such as `COURANT_ENTRY`.
    pub stream: String,
    /// The stages that consume the stream. Empty for events and dead letters, which expire.
    pub stages: Vec<Stage>,
    /// Messages held, including those in flight.
    pub depth: u64,
    /// Messages that are delivered and not settled.
    pub in_flight: u64,
    /// Messages in flight or waiting that were delivered before.
    pub redelivered: u64,
    /// The age of the oldest message held.
    pub oldest_age: Option<Duration>,
    /// The used share of the limits, in messages or bytes, whichever is greater: 0 to 1.
    pub fullness: f64,
}

impl QueueStatus {
    /// Returns true for a work queue, and false for a stream of events or dead letters.
    pub fn is_work(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Returns true if publishers are asked to wait while the queue is full or old.
    pub fn is_pressing(&self) -> bool {
        self.stages.iter().any(|stage| stage.is_pressing())
    }

    /// The share of `limits` that is used.
    pub(crate) fn fullness_of(limits: QueueLimits, messages: u64, bytes: u64) -> f64 {
        let used = |held: u64, max: u64| held as f64 / max as f64;
        used(messages, limits.max_messages).max(used(bytes, limits.max_bytes)).min(1.0)
    }
}
