//! The section `[store]`.

use std::time::Duration;

use courant_config::{Ranged, Ranges, Secret, range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The section `[store]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The URL of the Postgres server, `postgres://user:password@host/database`. If it is
    /// absent, the articles are stored in a SQLite file in the data folder.
    pub url: Option<Secret>,
    /// The URL of a read replica of `url`. Gateways read and search there, and their indexes follow
    /// it, so that they know no article that it lacks. Decisions and writes stay at `url`. If it is
    /// absent, everything goes to `url`.
    pub read_url: Option<Secret>,
    /// Postgres connections opened at the start; 0 to `pool_max`.
    pub pool_min: usize,
    /// The most connections to Postgres, or readers of SQLite; 1 to 100.
    pub pool_max: usize,
    /// Seconds to wait for a connection; 1 to 60.
    pub connect_timeout_s: u64,
    /// Seconds that one operation may take; 1 to 600.
    pub command_timeout_s: u64,
    /// Prepares each statement once per connection. Set it to false behind a PgBouncer before
    /// 1.21 with `pool_mode = transaction`, which lends another connection to each transaction.
    pub prepared: bool,
    /// Values per article vector; 1 to 4000. Fixed once the first article is
    /// stored.
    pub dimension: usize,
    /// The number of candidates in pgvector's HNSW search (`hnsw.ef_search`); 100 to 1000. A
    /// greater value finds more of the true neighbours and takes longer.
    pub ef_search: u32,
    /// The number of articles from which Postgres begins a new partition before the month ends;
    /// 1000 to 10,000,000. Searches compare with each vector of the newest partition, 50,000 in some
    /// 30 ms; older ones have an index.
    pub hot_articles: u32,
    /// Milliseconds after which an operation is logged as slow, and a statement of Postgres with its
    /// plan, without values, at most one a minute; 1 to 600,000.
    pub slow_query_ms: u64,
    /// Seconds after a deletion in which the files are written anew, or vacuumed, so that nothing of
    /// a deleted article is left in them; 0 to 86,400.
    pub erase_after_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            read_url: None,
            pool_min: 2,
            pool_max: 10,
            connect_timeout_s: 3,
            command_timeout_s: 30,
            prepared: true,
            dimension: 384,
            ef_search: 200,
            hot_articles: 50_000,
            slow_query_ms: 500,
            erase_after_s: 6 * 3600,
        }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Range`] names the key.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(range::check("store", self)?)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_s)
    }

    pub(crate) fn command_timeout(&self) -> Duration {
        Duration::from_secs(self.command_timeout_s)
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("pool_max", self.pool_max, 1..=100);
        ranges.rule("pool_min", self.pool_min, "0 to pool_max", self.pool_min <= self.pool_max);
        ranges.within("connect_timeout_s", self.connect_timeout_s, 1..=60);
        ranges.within("command_timeout_s", self.command_timeout_s, 1..=600);
        ranges.within("dimension", self.dimension, 1..=4000);
        ranges.within("ef_search", self.ef_search as usize, 100..=1000);
        ranges.within("hot_articles", self.hot_articles, 1000..=10_000_000);
        ranges.within("slow_query_ms", self.slow_query_ms, 1..=600_000);
        ranges.within("erase_after_s", self.erase_after_s, 0..=86_400);
    }
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
        let silent = Config { slow_query_ms: 0, ..Config::default() };
        let message = silent.validate().unwrap_err().to_string();
        assert!(message.starts_with("store.slow_query_ms is 0 milliseconds"), "{message}");
    }
}
