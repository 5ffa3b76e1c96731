//! The state of the streams.

use std::time::Duration;

use crate::limits::Queue;
use crate::stages::Stage;

/// The ends of a work queue, by which one sees that everything is settled that once waited
/// there: independent of any clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueEnds {
    /// The number of the oldest message that is not settled.
    pub oldest: Option<u64>,
    /// The number of the newest message that was ever published; 0 if none was.
    pub newest: u64,
}

impl QueueEnds {
    /// Returns true if everything is settled that was published up to the number `newest`.
    /// A queue that was emptied or made anew holds nothing of before.
    pub fn is_past(&self, newest: u64) -> bool {
        self.oldest.is_none_or(|oldest| oldest > newest) || self.newest < newest
    }
}

/// The state of one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueStatus {
    /// Its full name, as `COURANT_ENTRY`.
    pub stream: String,
    /// Who works on it; nobody on events and dead letters, which go by themselves.
    pub stages: Vec<Stage>,
    /// Messages held, with those in flight.
    pub depth: u64,
    /// Delivered and not settled.
    pub in_flight: u64,
    /// Messages in flight or waiting that were delivered before.
    pub redelivered: u64,
    /// Age of the oldest message held.
    pub oldest_age: Option<Duration>,
    /// The share of its limits that is used, in messages or bytes: 0 to 1.
    pub fullness: f64,
}

impl QueueStatus {
    /// True if it is a work queue; false if it keeps events or dead letters.
    pub fn is_work(&self) -> bool {
        !self.stages.is_empty()
    }

    /// True if publishers are asked to wait while it is full or old.
    pub fn is_pressing(&self) -> bool {
        self.stages.iter().any(|stage| stage.is_pressing())
    }

    /// The share of `limits` that is used.
    pub(crate) fn fullness_of(limits: Queue, messages: u64, bytes: u64) -> f64 {
        let used = |held: u64, max: u64| held as f64 / max as f64;
        used(messages, limits.max_messages).max(used(bytes, limits.max_bytes)).min(1.0)
    }
}
