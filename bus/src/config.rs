//! The section `[bus]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use courant_config::Secret;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::limits::{Kept, MIB, Queue};
use crate::message::MAX_MESSAGE_BYTES;
use crate::stages::{Stage, Stream, Table};

/// How messages travel. Every agent of one pipeline should state the same.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// NATS servers, as `nats://host:4222`, several separated by commas. Absent:
    /// the bus is in the process, for `courant run`.
    pub url: Option<String>,
    /// User name at the server.
    pub user: Option<String>,
    /// Password of `user`.
    #[serde(skip_serializing)]
    pub password: Option<Secret>,
    /// Token at the server, instead of a user.
    #[serde(skip_serializing)]
    pub token: Option<Secret>,
    /// A PEM file with the certificates that the server's one is checked against,
    /// for `tls://`. Absent: the system's.
    pub ca_file: Option<PathBuf>,
    /// Starts every subject, and upper-cased every stream: lower-case letters,
    /// digits and `_`. Pipelines with different prefixes share a server unseen.
    pub prefix: String,
    /// What an acknowledgement promises. Embedded only: for JetStream the server's
    /// `sync_interval` decides (`always` is durable).
    pub durability: Durability,
    /// Servers that hold each message, 1 to 5. JetStream clusters only.
    pub replicas: usize,
    /// Seconds without progress until a message is delivered again, 0.1 to 3600.
    /// Progress is reported by itself while a delivery lives.
    pub ack_wait_s: f64,
    /// Deliveries of one message until it becomes a dead letter, 1 to 100.
    pub max_deliver: u32,
    /// Seconds in which a second message with the same id is not stored again.
    pub duplicate_window_s: f64,
    /// Deliveries that may be unsettled per stage, over all its processes.
    pub max_ack_pending: u32,
    /// Seconds until the second delivery after a failure; doubles each time.
    pub retry_delay_s: f64,
    /// The longest such delay, seconds.
    pub retry_delay_max_s: f64,
    /// Seconds that `publish` goes on trying while the server does not answer.
    pub publish_patience_s: f64,
    /// Seconds between two looks for messages that nobody settled, 0.1 to 3600.
    pub reap_interval_s: f64,
    /// Limits of each work queue that has none of its own. A full one refuses.
    pub queue: Queue,
    /// Limits of single work queues, by their names in lower case, as
    /// `[bus.limits.crawl]`.
    pub limits: BTreeMap<String, Queue>,
    /// Limits of the events. The oldest go first.
    pub events: Kept,
    /// Limits of the dead letters. The oldest go first.
    pub dead_letters: Kept,
    /// The table of stages that the bus works with; no key of the file.
    #[serde(skip)]
    pub stages: Vec<Stage>,
}

/// What an acknowledgement to a publisher promises.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// The message survives a power failure.
    #[default]
    Durable,
    /// The message survives a crash of the process, not one of the machine.
    Fast,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            user: None,
            password: None,
            token: None,
            ca_file: None,
            prefix: "courant".to_owned(),
            durability: Durability::Durable,
            replicas: 1,
            ack_wait_s: 30.0,
            max_deliver: 6,
            duplicate_window_s: 120.0,
            max_ack_pending: 1000,
            retry_delay_s: 2.0,
            retry_delay_max_s: 60.0,
            publish_patience_s: 60.0,
            reap_interval_s: 5.0,
            queue: Queue::default(),
            limits: BTreeMap::new(),
            events: Kept { max_messages: 200_000, max_bytes: 256 * MIB, max_age_days: 7 },
            dead_letters: Kept::default(),
            stages: Stage::ALL.to_vec(),
        }
    }
}

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Config`] names the first key that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        require(
            !self.prefix.is_empty() && self.prefix.len() <= 32 && self.prefix.chars().all(name),
            "prefix must be 1 to 32 lower-case letters, digits or `_`",
        )?;
        require(seconds(self.ack_wait_s, 0.1), "ack_wait_s must be 0.1 to 3600")?;
        require((1..=100).contains(&self.max_deliver), "max_deliver must be 1 to 100")?;
        require(seconds(self.duplicate_window_s, 0.1), "duplicate_window_s must be 0.1 to 3600")?;
        require(seconds(self.retry_delay_s, 0.01), "retry_delay_s must be 0.01 to 3600")?;
        require(seconds(self.retry_delay_max_s, 0.01), "retry_delay_max_s must be 0.01 to 3600")?;
        require(seconds(self.publish_patience_s, 0.0), "publish_patience_s must be 0 to 3600")?;
        require(seconds(self.reap_interval_s, 0.1), "reap_interval_s must be 0.1 to 3600")?;
        require((1..=5).contains(&self.replicas), "replicas must be 1 to 5")?;
        require(self.max_ack_pending > 0, "max_ack_pending must be at least 1")?;
        let kept = [self.events.size(), self.dead_letters.size()];
        let sizes = || self.limits.values().chain([&self.queue]).chain(&kept);
        require(sizes().all(|size| size.max_bytes >= MIB), "max_bytes must be at least 1048576")?;
        require(sizes().all(|size| size.max_messages > 0), "max_messages must be at least 1")?;
        let days = [self.events.max_age_days, self.dead_letters.max_age_days];
        require(
            days.iter().all(|days| (1..=3650).contains(days)),
            "max_age_days must be 1 to 3650",
        )?;
        self.validate_table()
    }

    fn validate_table(&self) -> Result<(), Error> {
        Table::new(&self.stages).map_err(Error::Config)?;
        let is_stream = |key: &String| self.stages.iter().any(|stage| stage.stream().key() == *key);
        require(self.limits.keys().all(is_stream), "limits must have the names of work queues")
    }

    pub(crate) fn ack_wait(&self) -> Duration {
        Duration::from_secs_f64(self.ack_wait_s)
    }

    pub(crate) fn duplicate_window(&self) -> Duration {
        Duration::from_secs_f64(self.duplicate_window_s)
    }

    pub(crate) fn publish_patience(&self) -> Duration {
        Duration::from_secs_f64(self.publish_patience_s)
    }

    pub(crate) fn reap_interval(&self) -> Duration {
        Duration::from_secs_f64(self.reap_interval_s)
    }

    /// How long after the failure of delivery `attempt` (from 1) the next comes.
    pub(crate) fn retry_delay(&self, attempt: u32) -> Duration {
        let doublings = i32::try_from(attempt.saturating_sub(1).min(30)).unwrap_or(30);
        Duration::from_secs_f64(
            (self.retry_delay_s * 2f64.powi(doublings)).min(self.retry_delay_max_s),
        )
    }

    /// Messages and bytes that `stream` may hold.
    pub(crate) fn limits(&self, stream: Stream) -> Queue {
        match stream {
            Stream::EVENTS => self.events.size(),
            Stream::DEAD_LETTERS => self.dead_letters.size(),
            _ => {
                let own = self.limits.get(&stream.key()).copied().or(stream.limits());
                own.unwrap_or(self.queue)
            }
        }
    }

    /// How long `stream` keeps a message; `None`: until it is settled.
    pub(crate) fn max_age(&self, stream: Stream) -> Option<Duration> {
        match stream {
            Stream::EVENTS => Some(self.events.max_age()),
            Stream::DEAD_LETTERS => Some(self.dead_letters.max_age()),
            _ => None,
        }
    }
}

fn require(holds: bool, rule: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Config(rule)) }
}

fn seconds(value: f64, least: f64) -> bool {
    (least..=3600.0).contains(&value)
}

const _: () = assert!(MAX_MESSAGE_BYTES as u64 <= MIB);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_wrong_values_are_named() {
        assert!(Config::default().validate().is_ok());
        let negative = Config { ack_wait_s: f64::NAN, ..Config::default() };
        assert!(negative.validate().unwrap_err().to_string().contains("ack_wait_s"));
        let dotted = Config { prefix: "a.b".into(), ..Config::default() };
        assert!(dotted.validate().is_err());
    }

    #[test]
    fn the_delay_between_deliveries_doubles_up_to_its_limit() {
        let config = Config::default();
        let delays = [1, 2, 3, 6, 50].map(|attempt| config.retry_delay(attempt).as_secs());
        assert_eq!(delays, [2, 4, 8, 60, 60]);
    }

    #[test]
    fn a_queue_has_its_own_limits_its_rows_or_those_of_all() {
        let text = r#"{"limits": {"crawl": {"max_messages": 7}}}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        config.validate().unwrap();
        let messages = |stage: Stage| config.limits(stage.stream()).max_messages;
        assert_eq!(messages(Stage::CRAWLER), 7);
        assert_eq!(messages(Stage::COURIER), 10_000);
        assert_eq!(messages(Stage::GATEWAY), 50_000);
        let unknown = Config { limits: [("crwl".into(), Queue::default())].into(), ..config };
        assert!(unknown.validate().unwrap_err().to_string().contains("limits"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = Config { token: Some(Secret::new("hush")), ..Config::default() };
        assert!(!format!("{config:?}").contains("hush"));
        assert!(!serde_json::to_string(&config).unwrap().contains("hush"));
    }
}
