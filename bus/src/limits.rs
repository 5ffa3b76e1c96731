//! Limits of streams.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const MIB: u64 = 1 << 20;

/// Limits of a work queue.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, Hash, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Unread and unsettled messages.
    pub max_messages: u64,
    /// Their size in bytes, at least 1 MiB. JetStream reserves it on its disk.
    pub max_bytes: u64,
}

/// Limits of a stream that keeps what passed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Kept {
    /// Messages.
    pub max_messages: u64,
    /// Their size in bytes, at least 1 MiB. JetStream reserves it on its disk.
    pub max_bytes: u64,
    /// Days until a message is forgotten.
    pub max_age_days: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self { max_messages: 50_000, max_bytes: 512 * MIB }
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self { max_messages: 50_000, max_bytes: 512 * MIB, max_age_days: 30 }
    }
}

impl Kept {
    pub(crate) fn max_age(self) -> Duration {
        Duration::from_secs(self.max_age_days.saturating_mul(86_400))
    }

    pub(crate) fn size(self) -> Queue {
        Queue { max_messages: self.max_messages, max_bytes: self.max_bytes }
    }
}
