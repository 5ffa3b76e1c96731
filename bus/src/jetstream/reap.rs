//! The reaper: messages whose last delivery nobody settled, because every worker
//! died on them, become dead letters. The server reports them once; what was
//! missed, as after a crash of the server, is found by looking below the
//! consumer's acknowledgement floor.

use std::sync::Arc;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{self, RawMessageError, RawMessageErrorKind};
use futures::StreamExt;
use serde::Deserialize;
use tokio::time::Instant;

use super::handle::{JetStream, failed};
use crate::consumer::Consumer;
use crate::delivery::{ABANDONED, letter_id};
use crate::error::Error;
use crate::message::Envelope;
use crate::stages::Stage;
use crate::wire;

/// Reports taken at a time.
const BATCH: usize = 100;
/// The server's report of a message that it delivers no more.
#[derive(Deserialize)]
struct MaxDeliveries {
    stream: String,
    consumer: String,
    stream_seq: u64,
    deliveries: u32,
}

/// Looks every `reap_interval_s`, as long as the bus lives.
pub(super) fn spawn(jetstream: &Arc<JetStream>) {
    let shared = Arc::clone(&jetstream.shared);
    let jetstream = Arc::downgrade(jetstream);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = shared.closing.cancelled() => return,
                () = tokio::time::sleep(shared.config.reap_interval()) => {}
            }
            let Some(jetstream) = jetstream.upgrade() else {
                return;
            };
            if let Err(error) = jetstream.reap().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the reaper did not finish"
                );
            }
        }
    });
}

impl JetStream {
    /// One look; returns how many messages became dead letters.
    pub(crate) async fn reap(&self) -> Result<u64, Error> {
        let reported = self.reap_reported().await;
        let mut buried = 0;
        for stage in self.shared.table.stages().iter().copied() {
            buried += self.reap_below_floor(stage).await?;
        }
        Ok(buried + reported?)
    }

    async fn reap_reported(&self) -> Result<u64, Error> {
        let consumer = self.reaper().await?;
        let reports = consumer.fetch().max_messages(BATCH).messages().await;
        let mut reports = reports.map_err(|e| failed("fetch advisories", e))?;
        let mut buried = 0;
        while let Some(report) = reports.next().await {
            let report = report.map_err(|e| failed("fetch advisories", e))?;
            match serde_json::from_slice::<MaxDeliveries>(&report.payload) {
                Ok(found) => buried += self.bury_reported(&found).await?,
                Err(error) => tracing::warn!(%error, "an advisory was not understood"),
            }
            report.double_ack().await.map_err(|e| failed("acknowledge an advisory", e))?;
        }
        Ok(buried)
    }

    async fn bury_reported(&self, report: &MaxDeliveries) -> Result<u64, Error> {
        let is_meant = |stage: &&Stage| {
            stage.consumer() == report.consumer
                && self.shared.names.stream(stage.stream()) == report.stream
        };
        let Some(stage) = self.shared.table.stages().iter().find(is_meant).copied() else {
            return Ok(0);
        };
        let queue = self.queue_of(stage).await?;
        match raw(&queue, report.stream_seq).await? {
            Some(message) => self.bury(stage, &queue, message, report.deliveries).await.map(|()| 1),
            // It was settled late, or buried before.
            None => Ok(0),
        }
    }

    /// Everything up to the floor was settled, so that a work queue holds none of
    /// it, except what the server gave up.
    async fn reap_below_floor(&self, stage: Stage) -> Result<u64, Error> {
        let mut buried = 0;
        loop {
            let queue = self.queue_of(stage).await?;
            let consumer = queue.consumer_info(stage.consumer()).await;
            let consumer = consumer.map_err(|e| failed(format!("look at consumer {stage}"), e))?;
            let floor = consumer.ack_floor.stream_sequence;
            let Some(message) = self.oldest_below(stage, &queue, floor).await? else {
                return Ok(buried);
            };
            if !self.stands_still(stage, message.sequence) {
                return Ok(buried);
            }
            self.bury(stage, &queue, message, self.shared.config.max_deliver).await?;
            buried += 1;
        }
    }

    /// The oldest message for `stage` up to `floor`. A queue that several stages share
    /// may begin with one for another.
    async fn oldest_below(
        &self,
        stage: Stage,
        queue: &stream::Stream,
        floor: u64,
    ) -> Result<Option<StreamMessage>, Error> {
        let state = &queue.cached_info().state;
        if state.messages == 0 || state.first_sequence > floor {
            return Ok(None);
        }
        let mut oldest: Option<StreamMessage> = None;
        for subject in stage.subjects() {
            let name = self.shared.names.subject(*subject);
            let found = queue.get_first_raw_message_by_subject(&name, state.first_sequence).await;
            let found = found_or_none(found, || format!("read the first message on {name}"))?;
            let found = found.filter(|message| message.sequence <= floor);
            let is_older = |message: &StreamMessage| {
                oldest.as_ref().is_none_or(|oldest| message.sequence < oldest.sequence)
            };
            oldest = found.filter(is_older).or(oldest);
        }
        Ok(oldest)
    }

    /// Has message `sequence` been the first below the floor of `stage` for long?
    fn stands_still(&self, stage: Stage, sequence: u64) -> bool {
        let mut suspects = self.suspects.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        // It may be one whose acknowledgement is just being done.
        let settling = self.shared.config.ack_wait() * 2;
        match suspects.get_mut(&stage) {
            // Those that follow it were below the floor as long.
            Some((seen, since)) if now.duration_since(*since) >= settling && *seen <= sequence => {
                *seen = sequence;
                true
            }
            Some((seen, _)) if *seen == sequence => false,
            _ => {
                suspects.insert(stage, (sequence, now));
                false
            }
        }
    }

    async fn bury(
        &self,
        stage: Stage,
        queue: &stream::Stream,
        message: StreamMessage,
        deliveries: u32,
    ) -> Result<(), Error> {
        let names = &self.shared.names;
        let sequence = message.sequence;
        let envelope =
            Envelope { headers: wire::headers(Some(&message.headers)), payload: message.payload };
        let letter = envelope.into_dead_letter(
            &letter_id(&names.stream(stage.stream()), sequence),
            message.subject.as_str(),
            deliveries,
            ABANDONED,
        );
        let stored = self.store(&names.dead_letters(stage), &letter).await;
        stored.map_err(|e| failed("store a dead letter", e))?;
        let deleted = queue.delete_message(sequence).await;
        deleted.map_err(|e| failed(format!("delete message {sequence}"), e))?;
        tracing::error!(%stage, sequence, deliveries, "a message was given up: nobody settled it");
        self.shared.metrics.given_up(&Consumer::Stage(stage), "abandoned");
        Ok(())
    }

    async fn queue_of(&self, stage: Stage) -> Result<stream::Stream, Error> {
        let name = self.shared.names.stream(stage.stream());
        let found = self.context.get_stream(&name).await;
        found.map_err(|e| failed(format!("look at stream {name}"), e))
    }
}

/// The message with this number, if the stream still has it.
pub(super) async fn raw<I>(
    stream: &stream::Stream<I>,
    sequence: u64,
) -> Result<Option<StreamMessage>, Error> {
    let found = stream.get_raw_message(sequence).await;
    found_or_none(found, || format!("read message {sequence}"))
}

fn found_or_none(
    found: Result<StreamMessage, RawMessageError>,
    doing: impl FnOnce() -> String,
) -> Result<Option<StreamMessage>, Error> {
    match found {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(failed(doing(), error)),
    }
}
