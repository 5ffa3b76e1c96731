//! The section `[embedder]`. `[inference]` configures the encoder.

use courant_config::{RangeError, Ranged, Ranges, range};
use courant_service::{Agent, Ports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The embedder's name and ports.
pub const AGENT: Agent = Agent {
    name: "embedder",
    service_name: "courant-embedder",
    ports: Ports { http: 9102, grpc: 9202 },
};

/// The limits of the embedder's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The most articles in progress, 1 to 1024. There should be enough for their chunks to
    /// fill batches.
    pub concurrency: usize,
    /// The most requests for query vectors that are answered at a time, 1 to 1024.
    pub queries: usize,
    /// The most HTTP and gRPC requests for vectors in progress, 1 to 1024. Further requests are
    /// refused as overload.
    pub requests: usize,
    /// Seconds after which an HTTP or gRPC request is given up, 1 to 600.
    pub request_timeout_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { concurrency: 32, queries: 64, requests: 256, request_timeout_s: 30 }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first value out of its range.
    pub fn validate(&self) -> Result<(), RangeError> {
        range::check("embedder", self)
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("concurrency", self.concurrency, 1..=1024);
        ranges.within("queries", self.queries, 1..=1024);
        ranges.within("requests", self.requests, 1..=1024);
        ranges.within("request_timeout_s", self.request_timeout_s, 1..=600);
    }
}
