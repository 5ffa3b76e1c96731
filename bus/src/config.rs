//! The section `[bus]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use courant_config::{Ranged, Ranges, Secret, range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::limits::{MIB, QueueLimits, RetentionLimits};
use crate::message::MAX_MESSAGE_BYTES;
use crate::stages::{Stage, Stream, Table};

/// The bus that messages travel on. Every agent of one pipeline should state the same.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// NATS servers, as `nats://host:4222`, several separated by commas. Absent: the bus runs
    /// inside the process, for `courant run`.
    pub url: Option<String>,
    /// User name at the server.
    pub user: Option<String>,
    /// Password of `user`.
    #[serde(skip_serializing)]
    pub password: Option<Secret>,
    /// Token at the server, instead of a user.
    #[serde(skip_serializing)]
    pub token: Option<Secret>,
    /// A file with a JWT and the seed of its key (`.creds`), instead of a user.
    pub creds_file: Option<PathBuf>,
    /// The seed of an NKey, instead of a user.
    #[serde(skip_serializing)]
    pub nkey: Option<Secret>,
    /// A PEM file with this client's certificate, for servers that ask for one.
    pub cert_file: Option<PathBuf>,
    /// A PEM file with the key of `cert_file`.
    pub key_file: Option<PathBuf>,
    /// A PEM file with the certificate authorities that may sign the server's certificate, for
    /// `tls://`. Absent: those of the system.
    pub ca_file: Option<PathBuf>,
    /// The prefix of every subject and, in upper case, of every stream: lower-case letters,
    /// digits and `_`. Pipelines with different prefixes can share a server without seeing each
    /// other.
    pub prefix: String,
    /// The durability that an acknowledgement promises. Embedded only: on JetStream, the
    /// `sync_interval` of the server decides (`always` is durable).
    pub durability: Durability,
    /// Servers that hold each message, 1 to 5. JetStream clusters only.
    pub replicas: usize,
    /// Seconds without progress until a message is delivered again, 0.1 to 3600. A delivery
    /// reports its progress automatically.
    pub ack_wait_s: f64,
    /// Deliveries of one message before it becomes a dead letter, 1 to 100.
    pub max_deliver: u32,
    /// Seconds during which a second message with the same id is not stored.
    pub duplicate_window_s: f64,
    /// The most unsettled deliveries per stage, over all its processes.
    pub max_ack_pending: u32,
    /// Seconds between the first failed delivery and the second one. The delay doubles after
    /// each failure.
    pub retry_delay_s: f64,
    /// The longest delay after a failure, seconds.
    pub retry_delay_max_s: f64,
    /// Seconds for which publishing is retried while the server does not answer.
    pub publish_patience_s: f64,
    /// Seconds between two checks for expired dead letters, and for events that were removed
    /// before a follower handled them, 0.1 to 3600. JetStream only.
    pub look_interval_s: f64,
    /// Limits of each work queue that has none of its own. A full queue refuses messages.
    pub queue: QueueLimits,
    /// Limits of single work queues, by the lower-case names of the queues, as in
    /// `[bus.limits.crawl]`.
    pub limits: BTreeMap<String, QueueLimits>,
    /// Limits of the kept events. The oldest events are removed first.
    pub events: RetentionLimits,
    /// Limits of the dead letters. The oldest are removed first.
    pub dead_letters: RetentionLimits,
    /// The stages that the bus works with. This is not a key of the configuration file.
    #[serde(skip)]
    pub stages: Vec<Stage>,
}

/// The durability that an acknowledgement promises to a publisher.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// The message survives a power failure.
    #[default]
    Durable,
    /// The message survives a crash of the process, but not of the machine.
    Fast,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            user: None,
            password: None,
            token: None,
            creds_file: None,
            nkey: None,
            cert_file: None,
            key_file: None,
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
            look_interval_s: 5.0,
            queue: QueueLimits::default(),
            limits: BTreeMap::new(),
            events: RetentionLimits {
                max_messages: 200_000,
                max_bytes: 256 * MIB,
                max_age_days: 7,
            },
            dead_letters: RetentionLimits::default(),
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
        range::check("bus", self)?;
        Table::new(&self.stages).map_err(Error::Stages)?;
        Ok(())
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

    pub(crate) fn look_interval(&self) -> Duration {
        Duration::from_secs_f64(self.look_interval_s)
    }

    /// The time from the failure of delivery `attempt` (from 1) to the next one.
    pub(crate) fn retry_delay(&self, attempt: u32) -> Duration {
        let doublings = i32::try_from(attempt.saturating_sub(1).min(30)).unwrap_or(30);
        Duration::from_secs_f64(
            (self.retry_delay_s * 2f64.powi(doublings)).min(self.retry_delay_max_s),
        )
    }

    /// Messages and bytes that `stream` may hold.
    pub(crate) fn limits(&self, stream: Stream) -> QueueLimits {
        match stream {
            Stream::EVENTS => self.events.size(),
            Stream::DEAD_LETTERS => self.dead_letters.size(),
            _ => {
                let own = self.limits.get(&stream.key()).copied().or(stream.limits());
                own.unwrap_or(self.queue)
            }
        }
    }

    /// The time for which `stream` keeps a message. `None` means until it is settled.
    pub(crate) fn max_age(&self, stream: Stream) -> Option<Duration> {
        match stream {
            Stream::EVENTS => Some(self.events.max_age()),
            Stream::DEAD_LETTERS => Some(self.dead_letters.max_age()),
            _ => None,
        }
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let prefix = &self.prefix;
        ranges.rule(
            "prefix",
            format_args!("{prefix:?}"),
            "1 to 32 lower-case letters, digits or `_`",
            (1..=32).contains(&prefix.len()) && prefix.chars().all(is_plain),
        );
        ranges.within("ack_wait_s", self.ack_wait_s, 0.1..=3600.0);
        ranges.within("max_deliver", self.max_deliver, 1..=100);
        ranges.within("duplicate_window_s", self.duplicate_window_s, 0.1..=3600.0);
        ranges.within("retry_delay_s", self.retry_delay_s, 0.01..=3600.0);
        ranges.within("retry_delay_max_s", self.retry_delay_max_s, 0.01..=3600.0);
        ranges.within("publish_patience_s", self.publish_patience_s, 0.0..=3600.0);
        ranges.within("look_interval_s", self.look_interval_s, 0.1..=3600.0);
        ranges.within("replicas", self.replicas, 1..=5);
        ranges.at_least("max_ack_pending", self.max_ack_pending, 1);
        let (certificate, key) = (&self.cert_file, &self.key_file);
        let shown = key.as_deref().unwrap_or(Path::new("not set")).display();
        ranges.rule(
            "key_file",
            shown,
            "set if cert_file is",
            certificate.is_some() == key.is_some(),
        );
        let is_queue = |key: &String| self.stages.iter().any(|stage| stage.stream().key() == *key);
        let limited = self.limits.keys().cloned().collect::<Vec<_>>().join(", ");
        let range = "the names of work queues in lower case";
        ranges.rule("limits", limited, range, self.limits.keys().all(is_queue));
        for (stream, limits) in &self.limits {
            ranges.table(&format!("limits.{stream}"), limits);
        }
        ranges.table("queue", &self.queue);
        ranges.table("events", &self.events);
        ranges.table("dead_letters", &self.dead_letters);
    }
}

impl Ranged for QueueLimits {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.at_least("max_bytes", self.max_bytes, MIB);
        ranges.at_least("max_messages", self.max_messages, 1);
    }
}

impl Ranged for RetentionLimits {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.at_least("max_bytes", self.max_bytes, MIB);
        ranges.at_least("max_messages", self.max_messages, 1);
        ranges.within("max_age_days", self.max_age_days, 1..=3650);
    }
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
        let unknown = Config { limits: [("crwl".into(), QueueLimits::default())].into(), ..config };
        assert!(unknown.validate().unwrap_err().to_string().contains("limits"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = Config { token: Some(Secret::new("hush")), ..Config::default() };
        assert!(!format!("{config:?}").contains("hush"));
        assert!(!serde_json::to_string(&config).unwrap().contains("hush"));
    }
}
