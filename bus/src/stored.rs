//! A message as a stream keeps it, for those who look through all streams.

use crate::message::{self, Envelope};
use crate::names::Names;

/// A message in a stream: it waits, is an event, or is a dead letter.
#[derive(Clone, Copy, Debug)]
pub struct StoredMessage<'a> {
    /// The subject without the prefix of the pipeline; for a dead letter, that of the message which
    /// could not be handled.
    pub subject: &'a str,
    /// The id with which the message was published.
    pub message_id: Option<&'a str>,
    /// True if the publisher says that the payload is JSON.
    pub is_json: bool,
    /// The message itself.
    pub payload: &'a [u8],
}

impl<'a> StoredMessage<'a> {
    /// `subject` has no prefix.
    pub(crate) fn of(names: &Names, subject: &'a str, envelope: &'a Envelope) -> Self {
        let header = |name| envelope.headers.get(name);
        let original = header(message::SUBJECT).and_then(|name| names.strip(name));
        Self {
            subject: original.unwrap_or(subject),
            message_id: header(message::ORIGINAL_ID).or_else(|| header(message::MESSAGE_ID)),
            is_json: envelope.is_json(),
            payload: &envelope.payload,
        }
    }
}

/// Tells which messages are wanted.
pub(crate) type Wanted<'a> = dyn Fn(&StoredMessage<'_>) -> bool + Send + Sync + 'a;
