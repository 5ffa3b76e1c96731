//! The section `[embedder]`. What runs the encoder is `[inference]`.

use serde::{Deserialize, Serialize};

/// How the embedder takes its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Articles in hand at once, 1 to 1024: enough that their chunks fill batches.
    pub concurrency: usize,
    /// Requests for query vectors answered at once, 1 to 1024.
    pub queries: usize,
    /// HTTP and gRPC requests for vectors in hand at once, 1 to 1024; further ones
    /// are refused as overload.
    pub requests: usize,
    /// Seconds after which such a request is given up, 1 to 600.
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
    pub fn validate(&self) -> anyhow::Result<()> {
        let counts = [
            ("concurrency", self.concurrency),
            ("queries", self.queries),
            ("requests", self.requests),
        ];
        for (key, value) in counts {
            anyhow::ensure!(
                (1..=1024).contains(&value),
                "embedder.{key} is {value}, not 1 to 1024"
            );
        }
        let patience = self.request_timeout_s;
        anyhow::ensure!(
            (1..=600).contains(&patience),
            "embedder.request_timeout_s is {patience}, not 1 to 600"
        );
        Ok(())
    }
}
