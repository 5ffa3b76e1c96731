//! The errors of the bus.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use courant_config::RangeError;

use crate::stages::Stage;
use crate::subject::Subject;

/// Any error that a back end reports.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error while the bus is set up, used or closed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration value is out of its range.
    #[error(transparent)]
    Config(#[from] RangeError),
    /// Two rows of the table of stages contradict each other.
    #[error("the table of stages is wrong: {0}")]
    Stages(&'static str),
    /// `url` is absent, or is not an address.
    #[error("invalid bus address")]
    Address(#[source] BoxError),
    /// No server answers.
    #[error("no NATS server answers at {address}")]
    Unreachable {
        /// Host and port, without credentials.
        address: String,
        /// The client's own error.
        source: async_nats::ConnectError,
    },
    /// The server is too old: later versions fixed a loss of messages.
    #[error("the NATS server is version {found}, at least {needed} is needed")]
    ServerTooOld {
        /// The version that the server states.
        found: String,
        /// The oldest version that works.
        needed: &'static str,
    },
    /// JetStream refuses or does not answer.
    #[error("JetStream cannot {doing}")]
    JetStream {
        /// As in "create stream COURANT_ENTRY".
        doing: String,
        /// The error of the server or the client.
        source: BoxError,
    },
    /// The embedded spool fails.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A dead letter cannot be published again.
    #[error("the dead letter cannot be published again")]
    Replay(#[from] PublishError),
    /// A dead letter does not say where it came from.
    #[error("dead letter {0} names no subject of this pipeline")]
    NotReplayable(u64),
    /// This operation is not possible on this subject.
    #[error("{0} does not allow this operation")]
    WrongSubject(Subject),
    /// The bus has no such stage.
    #[error("the bus has no stage {0}")]
    UnknownStage(Stage),
    /// The follower name is invalid.
    #[error("{0:?} must be 1 to 32 lower-case letters, digits, `_` or `-`")]
    Follower(String),
    /// No subject was given to follow.
    #[error("no subject to follow")]
    NoSubject,
    /// The connection was lost or slow while it was closed. Pending messages may not have
    /// reached the server, and are then delivered again.
    #[error("the bus did not close within {0:?}")]
    NotClosed(Duration),
}

impl Error {
    pub(crate) fn jetstream(doing: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::JetStream { doing: doing.into(), source: source.into() }
    }
}

/// The embedded spool failed. The operation had no effect.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpoolError {
    /// The disk has no room.
    #[error("the disk of the message spool is full")]
    DiskFull,
    /// The spool file was removed or replaced while it was open.
    #[error("the file of the message spool is gone: {}", .0.display())]
    Gone(PathBuf),
    /// The spool file, or a copy of it, cannot be moved.
    #[error("the file of the message spool cannot be moved")]
    Moved(#[source] Arc<std::io::Error>),
    /// The spool file is damaged.
    #[error("the message spool is damaged ({0}); `courant check --repair` saves what is whole")]
    Damaged(String),
    /// Another process has the spool open.
    #[error("the message spool is in use by another process")]
    InUse,
    /// A newer version wrote the spool.
    #[error("the message spool has format {0}, which this version does not know")]
    Format(i64),
    /// SQLite failed: the file is damaged or unreadable, or an I/O error occurred.
    #[error("the message spool fails")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// The thread of the spool cannot be started.
    #[error("the thread of the message spool cannot be started")]
    Thread(#[source] Arc<std::io::Error>),
    /// The bus was closed.
    #[error("the message spool is closed")]
    Closed,
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::InUse
            }
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

/// A message was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The work queue is full; nothing was stored.
    #[error("the queue of {0} is full")]
    Full(Subject),
    /// The message is larger than [`crate::MAX_MESSAGE_BYTES`]; nothing was sent.
    #[error("the message has {size_bytes} bytes, at most {limit_bytes} are allowed")]
    TooLarge {
        /// The size of headers and payload.
        size_bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// The subject carries only broadcasts and requests, or only stored messages.
    #[error("{0} does not allow this operation")]
    WrongSubject(Subject),
    /// The server did not answer in time. It may have stored the message. Publishing it again
    /// with the same id is safe.
    #[error("the NATS server does not answer")]
    Unavailable(#[source] BoxError),
    /// The server refused the message for another reason.
    #[error("the NATS server refuses the message")]
    Refused(#[source] BoxError),
    /// The embedded spool fails; nothing was stored.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The bus was closed.
    #[error("the bus is closed")]
    Closed,
}

/// A message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The message has another version or kind than expected.
    #[error("the message has schema {found}, not {expected}")]
    Schema {
        /// The schema that the header states.
        found: String,
        /// The expected schema.
        expected: &'static str,
    },
    /// The bytes are not a protobuf message of this schema.
    #[error("the message is damaged")]
    Damaged(#[from] prost::DecodeError),
}

/// A request got no usable reply.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Nobody serves the subject.
    #[error("nobody answers {0}")]
    NoResponder(Subject),
    /// A server of the subject did not reply in time.
    #[error("no reply to {subject} within {after:?}")]
    Timeout {
        /// The subject of the request.
        subject: Subject,
        /// The time for which the reply was awaited.
        after: Duration,
    },
    /// The request could not be sent.
    #[error("the request cannot be sent")]
    Send(#[source] PublishError),
    /// The reply has another version, or is damaged.
    #[error("the reply cannot be read")]
    Reply(#[from] DecodeError),
}

/// The error of a handler. It decides what happens to the message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Handling may succeed later. After the last delivery the message becomes a dead letter.
    #[error("{source:#}")]
    Retry {
        /// The delay until the next delivery. `None` takes the configured delay, which doubles
        /// each time.
        after: Option<Duration>,
        /// The cause.
        source: anyhow::Error,
    },
    /// Handling can never succeed. The message becomes a dead letter at once.
    #[error("{source:#}")]
    Discard {
        /// The cause.
        source: anyhow::Error,
    },
}

impl Failure {
    /// Returns [`Self::Retry`] with the configured delay.
    pub fn retry(source: impl Into<anyhow::Error>) -> Self {
        Self::Retry { after: None, source: source.into() }
    }

    /// Returns [`Self::Discard`].
    pub fn discard(source: impl Into<anyhow::Error>) -> Self {
        Self::Discard { source: source.into() }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::discard(error)
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::TooLarge { .. } | PublishError::WrongSubject(_) => Self::discard(error),
            _ => Self::retry(error),
        }
    }
}
