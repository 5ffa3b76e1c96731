//! Reading the dead letters.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{self, RawMessageError, RawMessageErrorKind};
use futures::{StreamExt, TryStreamExt};

use super::handle::{JetStream, failed, unix_ms};
use crate::dead_letter::DeadLetter;
use crate::error::Error;
use crate::message::Envelope;
use crate::queue_status::QueueStatus;
use crate::shared::Shared;
use crate::stages::Stream;
use crate::wire;

/// Letters asked for at a time.
const AHEAD: usize = 16;
/// The stream is kept below its limit, at which the server deletes without a word.
const FULLEST: f64 = 0.95;

/// Looks every `look_interval_s` for letters over their age or number, as long as the bus
/// lives.
pub(super) fn spawn_expiry(jetstream: &Arc<JetStream>) {
    let shared = Arc::clone(&jetstream.shared);
    let jetstream = Arc::downgrade(jetstream);
    tokio::spawn(shared.closing.clone().run_until_cancelled_owned(async move {
        loop {
            tokio::time::sleep(shared.config.look_interval()).await;
            let Some(jetstream) = jetstream.upgrade() else { return };
            match jetstream.expire_letters().await {
                Ok(expired) => shared.metrics.letters_expired(expired),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "cannot check for expired dead letters");
                }
            }
        }
    }));
}

impl JetStream {
    /// Deletes the letters that are too old or too many, and returns their number: those that
    /// another process deletes count there.
    async fn expire_letters(&self) -> Result<u64, Error> {
        let letters = self.letters().await?;
        let config = &self.shared.config;
        let limits = config.limits(Stream::DEAD_LETTERS);
        let max_age = config.max_age(Stream::DEAD_LETTERS).unwrap_or(Duration::MAX);
        let max_age_ms = i64::try_from(max_age.as_millis()).unwrap_or(i64::MAX);
        let youngest_ms = self.shared.clock.unix_ms().saturating_sub(max_age_ms);
        let state = letters.cached_info().state.clone();
        let (mut messages, mut bytes, mut expired) = (state.messages, state.bytes, 0);
        let mut next = state.first_sequence;
        while messages > 0 {
            let Some(oldest) = first_from(&letters, next).await? else { break };
            let is_full = QueueStatus::fullness_of(limits, messages, bytes) > FULLEST;
            if !is_full && unix_ms(oldest.time) > youngest_ms {
                break;
            }
            expired += u64::from(delete(&letters, oldest.sequence).await?);
            messages -= 1;
            bytes = bytes.saturating_sub(oldest.payload.len() as u64);
            next = oldest.sequence + 1;
        }
        Ok(expired)
    }

    pub(crate) async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        let letters = self.letters().await?;
        let state = &letters.cached_info().state;
        if state.messages == 0 {
            return Ok(Vec::new());
        }
        let limit = limit.min(usize::try_from(state.messages).unwrap_or(usize::MAX));
        let numbers = (state.first_sequence..=state.last_sequence).rev();
        futures::stream::iter(numbers)
            .map(|sequence| raw(&letters, sequence))
            .buffered(AHEAD)
            .try_filter_map(async |message| Ok(message.map(|message| self.letter(message))))
            .take(limit)
            .try_collect()
            .await
    }

    pub(crate) async fn dead_letter(&self, sequence: u64) -> Result<Option<DeadLetter>, Error> {
        let message = raw(&self.letters().await?, sequence).await?;
        Ok(message.map(|message| self.letter(message)))
    }

    pub(crate) async fn forget_dead_letter(&self, sequence: u64) -> Result<(), Error> {
        delete(&self.letters().await?, sequence).await.map(drop)
    }

    async fn letters(&self) -> Result<stream::Stream, Error> {
        let name = self.shared.names.stream(Stream::DEAD_LETTERS);
        let found = self.context.get_stream(&name).await;
        found.map_err(|e| failed(format!("look at stream {name}"), e))
    }

    fn letter(&self, message: StreamMessage) -> DeadLetter {
        let envelope =
            Envelope { headers: wire::headers(Some(&message.headers)), payload: message.payload };
        let Shared { names, table, .. } = &*self.shared;
        DeadLetter::new(names, table, message.sequence, unix_ms(message.time), envelope)
    }
}

/// Deletes a message of a stream; false if it was gone.
pub(super) async fn delete(letters: &stream::Stream, sequence: u64) -> Result<bool, Error> {
    match letters.delete_message(sequence).await {
        Ok(deleted) => Ok(deleted),
        Err(_) if raw(letters, sequence).await?.is_none() => Ok(false),
        Err(error) => Err(failed(format!("delete message {sequence}"), error)),
    }
}

/// The letter with this number, if it is there.
async fn raw(letters: &stream::Stream, sequence: u64) -> Result<Option<StreamMessage>, Error> {
    found_or_none(letters.get_raw_message(sequence).await)
}

/// The oldest message of a stream from this number on.
pub(super) async fn first_from(
    letters: &stream::Stream,
    sequence: u64,
) -> Result<Option<StreamMessage>, Error> {
    found_or_none(letters.get_first_raw_message_by_subject(">", sequence).await)
}

fn found_or_none(
    found: Result<StreamMessage, RawMessageError>,
) -> Result<Option<StreamMessage>, Error> {
    match found {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(failed("read a message", error)),
    }
}
