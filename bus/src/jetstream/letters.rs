//! Reading the dead letters.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream;
use futures::{StreamExt, TryStreamExt};

use super::handle::{JetStream, failed, unix_ms};
use super::reap::raw;
use crate::dead_letter::DeadLetter;
use crate::error::Error;
use crate::message::Envelope;
use crate::shared::Shared;
use crate::stages::Stream;
use crate::wire;

/// Letters asked for at a time.
const AHEAD: usize = 16;

impl JetStream {
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
        let deleted = self.letters().await?.delete_message(sequence).await;
        deleted.map(|_| ()).map_err(|e| failed(format!("delete dead letter {sequence}"), e))
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
