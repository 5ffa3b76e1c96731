//! The section `[gateway]`.

use std::path::PathBuf;
use std::time::Duration;

use courant_config::{RangeError, Ranged, Ranges, range};
use courant_dedup::NearConfig;
use courant_door::Rules;
use courant_door::pressure::PressureLimits;
use courant_service::{Agent, Ports};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The gateway's name and ports. A process with all agents uses the same ports.
pub const AGENT: Agent = Agent {
    name: "gateway",
    service_name: "courant-gateway",
    ports: Ports { http: 8080, grpc: 8081 },
};

/// The rules of acceptance, the limits and the timeouts of the gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The most entries that are decided at a time, 1 to 1024. They wait for the store, not for
    /// a processor.
    pub concurrency: usize,
    /// The least words of a text, 1 to 1000. Texts with fewer words are refused. In scripts
    /// without spaces, a character counts as a word.
    pub min_words: usize,
    /// Seconds that `observed_at` of a submission may be ahead of this machine's clock, 0 to
    /// 86400. In entries over the bus, a time ahead counts as now.
    pub max_ahead_s: u64,
    /// The share of a queue's limits at which the crawler stops and submissions get 429, above
    /// `resume_at` up to 1.
    pub stop_at: f64,
    /// The share of a queue's limits up to which the crawler runs at full speed, from 0 up to
    /// `stop_at`. A stopped crawler starts again here. Between the two shares it is slowed.
    pub resume_at: f64,
    /// The age of a queue's oldest message that counts as a full queue, seconds, 1 to 604800.
    pub max_queue_age_s: u64,
    /// The suggested rate at which slowing begins, entries per second, above 0. It falls to 0
    /// at `stop_at`.
    pub full_rate: f64,
    /// The interval between two checks of the queues, milliseconds, 50 to 1000.
    pub pressure_interval_ms: u64,
    /// Seconds that an HTTP request may take, not counting the wait for a decision; 1 to 300.
    pub request_timeout_s: u64,
    /// The longest `?wait=` of a submission, seconds, 0 to 300.
    pub max_wait_s: u64,
    /// The most submissions that may wait for their decision at a time, 1 to 1024.
    pub max_waiting: usize,
    /// The most clients that may listen to events at a time, 1 to 10000.
    pub max_listeners: usize,
    /// Seconds after which a search continues without the embedder, 0.1 to 30.
    pub embed_timeout_s: f64,
    /// Seconds that the vector of a query is cached, 1 to 86400. For this time a search may use
    /// the vector of a replaced model.
    pub vector_ttl_s: u64,
    /// The folder of this gateway's search index, for it alone. If it is absent, the index is made
    /// anew at each start, in a temporary folder. `courant run` keeps it in its data folder.
    pub index_folder: Option<PathBuf>,
    /// The rule by which two texts count as the same, and the number of remembered texts. It
    /// must be equal in all replicas.
    pub near: NearConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            concurrency: 64,
            min_words: 10,
            max_ahead_s: 3600,
            stop_at: 0.8,
            resume_at: 0.5,
            max_queue_age_s: 1800,
            full_rate: 200.0,
            pressure_interval_ms: 500,
            request_timeout_s: 10,
            max_wait_s: 30,
            max_waiting: 64,
            max_listeners: 256,
            embed_timeout_s: 2.0,
            vector_ttl_s: 600,
            index_folder: None,
            near: NearConfig::default(),
        }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first key that is out of its range.
    pub fn validate(&self) -> Result<(), RangeError> {
        range::check("gateway", self)
    }

    /// The rules of acceptance.
    pub(crate) fn rules(&self) -> Rules {
        Rules { min_words: self.min_words, near: self.near.clone() }
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_s)
    }

    pub(crate) fn embed_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.embed_timeout_s)
    }

    pub(crate) fn vector_ttl(&self) -> Duration {
        Duration::from_secs(self.vector_ttl_s)
    }

    /// The limits of the pressure on publishers.
    pub(crate) fn pressure(&self) -> PressureLimits {
        PressureLimits {
            stop_at: self.stop_at,
            resume_at: self.resume_at,
            max_queue_age_s: self.max_queue_age_s,
            full_rate: self.full_rate,
            interval: Duration::from_millis(self.pressure_interval_ms),
        }
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.table("near", &self.near);
        ranges.within("concurrency", self.concurrency, 1..=1024);
        ranges.within("min_words", self.min_words, 1..=1000);
        ranges.within("max_ahead_s", self.max_ahead_s, 0..=86_400);
        let (resume, stop) = (self.resume_at, self.stop_at);
        ranges.within("resume_at", resume, 0.0..=1.0);
        ranges.rule("stop_at", stop, "above resume_at, up to 1", stop > resume && stop <= 1.0);
        ranges.within("max_queue_age_s", self.max_queue_age_s, 1..=604_800);
        let rate = self.full_rate;
        ranges.rule("full_rate", rate, "above 0, up to 1000000", rate > 0.0 && rate <= 1e6);
        ranges.within("pressure_interval_ms", self.pressure_interval_ms, 50..=1000);
        ranges.within("request_timeout_s", self.request_timeout_s, 1..=300);
        ranges.within("max_wait_s", self.max_wait_s, 0..=300);
        ranges.within("max_waiting", self.max_waiting, 1..=1024);
        ranges.within("max_listeners", self.max_listeners, 1..=10_000);
        ranges.within("embed_timeout_s", self.embed_timeout_s, 0.1..=30.0);
        ranges.within("vector_ttl_s", self.vector_ttl_s, 1..=86_400);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_a_wrong_value_is_named() {
        assert_eq!(Config::default().validate(), Ok(()));
        let crossed = Config { stop_at: 0.4, ..Config::default() };
        assert!(crossed.validate().unwrap_err().to_string().contains("stop_at is 0.4"));
        let nan = Config { full_rate: f64::NAN, ..Config::default() };
        assert!(nan.validate().is_err());
        let near = NearConfig { threshold: 2.0, ..NearConfig::default() };
        let lax = Config { near, ..Config::default() };
        assert!(lax.validate().unwrap_err().to_string().contains("near.threshold is 2"));
    }
}
