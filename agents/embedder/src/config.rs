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
}

impl Default for Config {
    fn default() -> Self {
        Self { concurrency: 32, queries: 64 }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first value out of its range.
    pub fn validate(&self) -> anyhow::Result<()> {
        for (key, value) in [("concurrency", self.concurrency), ("queries", self.queries)] {
            anyhow::ensure!(
                (1..=1024).contains(&value),
                "embedder.{key} is {value}, not 1 to 1024"
            );
        }
        Ok(())
    }
}
