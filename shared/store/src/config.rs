//! The section `[store]`.

use std::time::Duration;

use courant_config::Secret;
use serde::{Deserialize, Serialize};

use crate::articles::query::CANDIDATES;
use crate::error::Error;

/// The section `[store]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user:password@host/database`. Without it, the articles are in
    /// a SQLite file in the data folder.
    pub url: Option<Secret>,
    /// Postgres connections opened at the start; 0 to `pool_max`.
    pub pool_min: usize,
    /// The most connections to Postgres, or readers of SQLite; 1 to 100.
    pub pool_max: usize,
    /// Seconds to wait for a connection; 1 to 60.
    pub connect_timeout_s: u64,
    /// Seconds that one operation may take; 1 to 600.
    pub command_timeout_s: u64,
    /// Values per article vector; 1 to 4000. Fixed once the first article is
    /// stored.
    pub dimension: usize,
    /// How many neighbours pgvector's HNSW search keeps in view; 100 to 1000.
    /// More finds more of the true neighbours and takes longer.
    pub ef_search: u32,
    /// Operations that take longer are logged; milliseconds.
    pub slow_query_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            pool_min: 2,
            pool_max: 10,
            connect_timeout_s: 3,
            command_timeout_s: 30,
            dimension: 384,
            ef_search: 200,
            slow_query_ms: 500,
        }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Config`] names the key.
    pub fn validate(&self) -> Result<(), Error> {
        within("pool_max", self.pool_max, 1, 100)?;
        within("pool_min", self.pool_min, 0, self.pool_max)?;
        within("connect_timeout_s", self.connect_timeout_s, 1, 60)?;
        within("command_timeout_s", self.command_timeout_s, 1, 600)?;
        within("dimension", self.dimension, 1, 4000)?;
        within("ef_search", self.ef_search as usize, CANDIDATES, 1000)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_s)
    }

    pub(crate) fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_timeout_s)
    }
}

fn within<T: Copy + PartialOrd + std::fmt::Display>(
    key: &'static str,
    value: T,
    least: T,
    most: T,
) -> Result<(), Error> {
    if value >= least && value <= most {
        return Ok(());
    }
    Err(Error::Config(format!("{key} is {value}, but may be {least} to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        assert!(Config::default().validate().is_ok());
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let config = Config { ef_search: 10, ..Config::default() };
        let message = config.validate().unwrap_err().to_string();
        assert!(message.contains("ef_search is 10"), "{message}");
    }
}
