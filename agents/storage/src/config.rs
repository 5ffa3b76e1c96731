//! The section `[storage]`. Where articles are stored is `[store]`.

use serde::{Deserialize, Serialize};

/// How the storage agent takes its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Articles in hand at once, 1 to 4096; also the largest transaction. A
    /// transaction takes what has come while the one before was committed.
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
    pub fn validate(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            (1..=4096).contains(&self.batch),
            "storage.batch is {}, not 1 to 4096",
            self.batch
        );
        Ok(())
    }
}
