//! Limits of streams.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const MIB: u64 = 1 << 20;

/// Limits of a work queue.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, Hash, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QueueLimits {
    /// The most messages in the queue, unsettled ones included.
    pub max_messages: u64,
    /// The most bytes of these messages, at least 1 MiB. JetStream reserves this size on its
    /// disk.
    pub max_bytes: u64,
}

/// Limits of a stream that keeps its messages for a time: events or dead letters.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionLimits {
    /// The most messages in the stream.
    pub max_messages: u64,
    /// The most bytes of these messages, at least 1 MiB. JetStream reserves this size on its
    /// disk.
    pub max_bytes: u64,
    /// Days until a message is removed.
    pub max_age_days: u64,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { max_messages: 50_000, max_bytes: 512 * MIB }
    }
}

impl Default for RetentionLimits {
    fn default() -> Self {
        Self { max_messages: 50_000, max_bytes: 512 * MIB, max_age_days: 30 }
    }
}

impl RetentionLimits {
    pub(crate) fn max_age(self) -> Duration {
        Duration::from_secs(self.max_age_days.saturating_mul(86_400))
    }

    pub(crate) fn size(self) -> QueueLimits {
        QueueLimits { max_messages: self.max_messages, max_bytes: self.max_bytes }
    }
}
