//! The section `[storage]`. The section `[store]` configures the store.

use courant_config::{RangeError, Ranged, Ranges, range};
use courant_service::{Agent, Ports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The storage agent's name and ports.
pub const AGENT: Agent = Agent {
    name: "storage",
    service_name: "courant-storage",
    ports: Ports { http: 9104, grpc: 9204 },
};

/// The limits of the storage agent's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The most articles in progress, 1 to 4096, and so in one transaction. A transaction takes
    /// the articles that arrived while the one before was committed.
    pub batch: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { batch: 64 }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first value out of its range.
    pub fn validate(&self) -> Result<(), RangeError> {
        range::check("storage", self)
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("batch", self.batch, 1..=4096);
    }
}
