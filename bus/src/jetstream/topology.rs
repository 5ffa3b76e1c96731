//! Streams and consumers.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer as Durable, DeliverPolicy, pull};
use async_nats::jetstream::stream::{
    self, Compression, DiscardPolicy, RetentionPolicy, StorageType,
};

use super::handle::{JetStream, failed};
use crate::consumer::Consumer;
use crate::error::Error;
use crate::message::MAX_MESSAGE_BYTES;
use crate::stages::{Stage, Stream};
use crate::subject::Subject;

const STRIKES_MAX_AGE: Duration = Duration::from_secs(7 * 86_400);
const STRIKES_MAX_BYTES: i64 = 16 << 20;

impl JetStream {
    /// Creates what is missing, and updates what is configured otherwise. Several
    /// processes may do it at the same time.
    pub(super) async fn ensure_topology(&self) -> Result<(), Error> {
        for stream in self.shared.table.streams() {
            self.ensure_stream(self.stream_config(*stream)).await?;
        }
        for stage in self.shared.table.stages() {
            self.ensure_consumer(*stage).await?;
        }
        self.ensure_stream(self.strikes_config()).await
    }

    async fn ensure_stream(&self, config: stream::Config) -> Result<(), Error> {
        let doing = format!("create or update stream {}", config.name);
        let done = self.context.create_or_update_stream(config).await;
        done.map(|_| ()).map_err(|error| failed(doing, error))
    }

    /// The durable consumer, with its stream where either is missing. A follower's is
    /// brought up to date.
    pub(super) async fn durable(
        &self,
        consumer: &Consumer,
    ) -> Result<Durable<pull::Config>, Error> {
        match self.ensure_durable(consumer).await {
            Ok(found) => Ok(found),
            Err(_missing) => {
                self.ensure_stream(self.stream_config(consumer.stream())).await?;
                self.ensure_durable(consumer).await
            }
        }
    }

    async fn ensure_durable(&self, consumer: &Consumer) -> Result<Durable<pull::Config>, Error> {
        match consumer {
            Consumer::Stage(stage) => self.stage(*stage).await,
            Consumer::Follower(follower) => self.ensure_follower(follower).await,
        }
    }

    async fn stage(&self, stage: Stage) -> Result<Durable<pull::Config>, Error> {
        let stream = self.shared.names.stream(stage.stream());
        match self.context.get_consumer_from_stream(stage.consumer(), &stream).await {
            Ok(consumer) => Ok(consumer),
            Err(_missing) => self.ensure_consumer(stage).await,
        }
    }

    async fn ensure_consumer(&self, stage: Stage) -> Result<Durable<pull::Config>, Error> {
        let config = &self.shared.config;
        let (filter_subject, filter_subjects) = self.filters(stage.subjects());
        let consumer = pull::Config {
            durable_name: Some(stage.consumer().to_owned()),
            filter_subject,
            filter_subjects,
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: config.ack_wait(),
            // The server counts what it sent, not what was begun: see `strikes`.
            max_deliver: -1,
            max_ack_pending: i64::from(config.max_ack_pending),
            ..Default::default()
        };
        let stream = self.shared.names.stream(stage.stream());
        let created = self.context.create_consumer_on_stream(consumer, stream).await;
        created.map_err(|error| failed(format!("create or update consumer {stage}"), error))
    }

    fn stream_config(&self, stream: Stream) -> stream::Config {
        let config = &self.shared.config;
        let limits = config.limits(stream);
        let queue = stream.is_queue();
        stream::Config {
            name: self.shared.names.stream(stream),
            subjects: self.subjects(stream),
            retention: if queue { RetentionPolicy::WorkQueue } else { RetentionPolicy::Limits },
            // `Old` would delete unread work.
            discard: if queue { DiscardPolicy::New } else { DiscardPolicy::Old },
            max_messages: i64::try_from(limits.max_messages).unwrap_or(i64::MAX),
            max_bytes: i64::try_from(limits.max_bytes).unwrap_or(i64::MAX),
            max_age: match stream {
                // They do not go without a word: see `letters`.
                Stream::DEAD_LETTERS => Duration::ZERO,
                _ => config.max_age(stream).unwrap_or_default(),
            },
            max_message_size: match stream {
                // A dead letter carries more headers than its message did.
                Stream::DEAD_LETTERS => -1,
                _ => MAX_MESSAGE_BYTES as i32,
            },
            storage: StorageType::File,
            num_replicas: config.replicas,
            duplicate_window: match config.max_age(stream) {
                Some(max_age) => config.duplicate_window().min(max_age),
                None => config.duplicate_window(),
            },
            compression: Some(Compression::S2),
            ..Default::default()
        }
    }

    fn subjects(&self, stream: Stream) -> Vec<String> {
        let subjects = self.shared.table.subjects_of(stream);
        subjects.into_iter().map(|subject| self.shared.names.subject(subject)).collect()
    }

    /// The filters of a consumer: one, or several. The server knows both fields, and
    /// takes one of them.
    pub(super) fn filters(&self, subjects: &[Subject]) -> (String, Vec<String>) {
        let mut names: Vec<String> =
            subjects.iter().map(|subject| self.shared.names.subject(*subject)).collect();
        match names.len() {
            1 => (names.remove(0), Vec::new()),
            _ => (String::new(), names),
        }
    }

    fn strikes_config(&self) -> stream::Config {
        stream::Config {
            name: self.shared.names.strikes(),
            subjects: vec![self.shared.names.all_strikes()],
            discard: DiscardPolicy::Old,
            max_messages_per_subject: 1,
            max_age: STRIKES_MAX_AGE,
            max_bytes: STRIKES_MAX_BYTES,
            storage: StorageType::File,
            num_replicas: self.shared.config.replicas,
            ..Default::default()
        }
    }
}
