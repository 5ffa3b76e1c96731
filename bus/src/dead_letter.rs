//! Messages that could not be handled.

use bytes::Bytes;
use courant_proto::v1;

use crate::message::{self, Envelope};
use crate::names::Names;
use crate::stages::Table;
use crate::subject::Subject;

/// A message that could not be handled, and why.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The number of the letter, for [`crate::Bus::replay`].
    pub sequence: u64,
    /// The subject of the message; `None` if it came from elsewhere.
    pub subject: Option<Subject>,
    /// The id with which the message was published.
    pub message_id: Option<String>,
    /// The schema that the publisher stated.
    pub schema: Option<String>,
    /// The error of the last delivery with its causes, cut at 4 KiB.
    pub error: String,
    /// The number of deliveries.
    pub deliveries: u32,
    /// The time at which the message was given up, in Unix milliseconds.
    pub died_at_ms: i64,
    /// The message itself, as it was published.
    pub payload: Bytes,
    envelope: Envelope,
}

impl DeadLetter {
    pub(crate) fn new(
        names: &Names,
        table: &Table,
        sequence: u64,
        died_at_ms: i64,
        envelope: Envelope,
    ) -> Self {
        let header = |name| envelope.headers.get(name).map(ToOwned::to_owned);
        Self {
            sequence,
            subject: header(message::SUBJECT)
                .and_then(|name| names.strip(&name).and_then(|name| table.subject(name))),
            message_id: header(message::ORIGINAL_ID),
            schema: header(message::SCHEMA),
            error: header(message::ERROR).unwrap_or_default(),
            deliveries: header(message::DELIVERIES).and_then(|n| n.parse().ok()).unwrap_or(0),
            died_at_ms,
            payload: envelope.payload.clone(),
            envelope,
        }
    }

    pub(crate) fn into_replay(self) -> Envelope {
        self.envelope.into_replay(self.sequence)
    }
}

impl From<&DeadLetter> for v1::DeadLetter {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            number: letter.sequence,
            subject: letter.subject.map_or_else(String::new, |of| of.as_str().to_owned()),
            deliveries: letter.deliveries,
            error: letter.error.clone(),
            buried_at_ms: letter.died_at_ms,
            size_bytes: letter.payload.len() as u64,
        }
    }
}
