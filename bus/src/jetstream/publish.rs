//! Publishing, and what a refusal means.

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::{self, ErrorCode};

use super::handle::JetStream;
use crate::error::PublishError;
use crate::message::{Envelope, MAX_MESSAGE_BYTES};
use crate::published::PublishAck;
use crate::stages::Stream;
use crate::subject::Subject;
use crate::wire;

/// The most that a stored message weighs beyond its own bytes.
const STORE_OVERHEAD: u64 = 128;

impl JetStream {
    /// Publishes to `stream`. Where that does not exist any more, it is created.
    pub(crate) async fn publish(
        &self,
        subject: Subject,
        stream: Stream,
        envelope: &Envelope,
    ) -> Result<PublishAck, PublishError> {
        let name = self.shared.names.subject(subject);
        let error = match self.store(&name, envelope).await {
            Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {
                Box::pin(self.ensure_topology())
                    .await
                    .map_err(|e| PublishError::Unavailable(e.into()))?;
                match self.store(&name, envelope).await {
                    Ok(published) => return Ok(published),
                    Err(error) => error,
                }
            }
            Err(error) => error,
            Ok(published) => return Ok(published),
        };
        let size_bytes = envelope.size_bytes();
        Err(Box::pin(self.explain(subject, stream, size_bytes, error)).await)
    }

    /// Sends, and waits until the server has it, or the connection on which it
    /// would have said so is gone.
    pub(super) async fn store(
        &self,
        subject: &str,
        envelope: &Envelope,
    ) -> Result<PublishAck, jetstream::context::PublishError> {
        let headers = wire::header_map(&envelope.headers);
        let payload = envelope.payload.clone();
        let mut connections = self.connections.clone();
        connections.mark_unchanged();
        let sent = self.context.publish_with_headers(subject.to_owned(), headers, payload).await?;
        let ack = tokio::select! {
            ack = sent.into_future() => ack?,
            _ = connections.changed() => return Err(PublishErrorKind::BrokenPipe.into()),
        };
        Ok(PublishAck { sequence: ack.sequence, duplicate: ack.duplicate })
    }

    async fn explain(
        &self,
        subject: Subject,
        stream: Stream,
        size_bytes: usize,
        error: jetstream::context::PublishError,
    ) -> PublishError {
        match error.kind() {
            PublishErrorKind::MaxPayloadExceeded => {
                PublishError::TooLarge { size_bytes, limit_bytes: self.client.max_payload() }
            }
            PublishErrorKind::Other => match refusal(&error) {
                // The server has one code for "full" and for "the disk fails".
                Some(ErrorCode::STREAM_STORE_FAILED) if self.is_full(stream, size_bytes).await => {
                    PublishError::Full(subject)
                }
                Some(ErrorCode::STREAM_STORE_FAILED) => PublishError::Unavailable(error.into()),
                Some(ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM) => {
                    PublishError::TooLarge { size_bytes, limit_bytes: MAX_MESSAGE_BYTES }
                }
                // 429: more than the server can take in now; 503: no leader now.
                Some(_) if is_temporary(&error) => PublishError::Unavailable(error.into()),
                Some(_) => PublishError::Refused(error.into()),
                None => PublishError::Unavailable(error.into()),
            },
            _ => PublishError::Unavailable(error.into()),
        }
    }

    /// Has `stream` no room for a message of this size?
    async fn is_full(&self, stream: Stream, size_bytes: usize) -> bool {
        let name = self.shared.names.stream(stream);
        let Ok(handle) = self.context.get_stream(&name).await else {
            return false;
        };
        let info = handle.cached_info();
        let reaches = |held: u64, max: i64| max > 0 && held >= max.unsigned_abs();
        let bytes =
            info.state.bytes.saturating_add(size_bytes as u64).saturating_add(STORE_OVERHEAD);
        reaches(info.state.messages, info.config.max_messages)
            || reaches(bytes, info.config.max_bytes)
    }
}

/// The server's own error in a failed publish, if it is one.
fn api_error(error: &jetstream::context::PublishError) -> Option<&jetstream::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

fn refusal(error: &jetstream::context::PublishError) -> Option<ErrorCode> {
    api_error(error).map(jetstream::Error::error_code)
}

fn is_temporary(error: &jetstream::context::PublishError) -> bool {
    api_error(error).is_some_and(|error| matches!(error.code(), 429 | 503))
}
