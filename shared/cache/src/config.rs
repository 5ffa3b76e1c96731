//! The section `[cache]`.

use std::time::Duration;

use courant_config::{Ranged, Ranges, Secret, range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The section `[cache]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The URL of the Redis server that the replicas share,
    /// `redis://user:password@host:6379/0`. If it is absent, each process uses only its own
    /// memory.
    pub redis_url: Option<Secret>,
    /// The prefix of every key in Redis.
    pub prefix: String,
    /// The most entries in memory; 1 to 10,000,000.
    pub entries: u64,
    /// The most bytes of keys and values in memory; 1 MiB to 64 GiB.
    pub max_bytes: u64,
    /// Seconds that an entry stays in memory; 1 to 86,400.
    pub ttl_s: u64,
    /// Seconds that an entry stays in Redis; 1 to 604,800.
    pub redis_ttl_s: u64,
    /// Seconds for which a missing item is remembered, in memory only; 0 (not at all) to 3600.
    pub missing_ttl_s: u64,
    /// Milliseconds to wait for Redis before the cache continues without it; 1 to 10,000.
    pub redis_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            redis_url: None,
            prefix: "courant:".into(),
            entries: 10_000,
            max_bytes: 64 * 1024 * 1024,
            ttl_s: 300,
            redis_ttl_s: 3600,
            missing_ttl_s: 30,
            redis_timeout_ms: 250,
        }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Range`] names the key.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(range::check("cache", self)?)
    }

    pub(crate) fn ttl(&self) -> Duration {
        Duration::from_secs(self.ttl_s)
    }

    pub(crate) fn redis_ttl(&self) -> Duration {
        Duration::from_secs(self.redis_ttl_s)
    }

    pub(crate) fn missing_ttl(&self) -> Duration {
        Duration::from_secs(self.missing_ttl_s)
    }

    pub(crate) fn redis_timeout(&self) -> Duration {
        Duration::from_millis(self.redis_timeout_ms)
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("entries", self.entries, 1..=10_000_000);
        ranges.within("max_bytes", self.max_bytes, 1024 * 1024..=64 * 1024 * 1024 * 1024);
        ranges.within("ttl_s", self.ttl_s, 1..=86_400);
        ranges.within("redis_ttl_s", self.redis_ttl_s, 1..=604_800);
        ranges.within("missing_ttl_s", self.missing_ttl_s, 0..=3600);
        ranges.within("redis_timeout_ms", self.redis_timeout_ms, 1..=10_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_a_wrong_value_is_named() {
        assert!(Config::default().validate().is_ok());
        let wrong = Config { ttl_s: 0, ..Config::default() };
        assert!(wrong.validate().unwrap_err().to_string().contains("ttl_s is 0"));
    }
}
