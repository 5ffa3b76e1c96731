//! The errors of the bus.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use courant_config::RangeError;

use crate::stages::Stage;
use crate::subject::Subject;

/// Whatever a back end reports.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The bus cannot be set up, asked or closed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value out of its range.
    #[error(transparent)]
    Config(#[from] RangeError),
    /// Two rows of the table of stages contradict each other.
    #[error("the table of stages is wrong: {0}")]
    Stages(&'static str),
    /// `url` is absent, or no address.
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
    /// The server loses messages in ways that were mended later.
    #[error("the NATS server is version {found}, at least {needed} is needed")]
    ServerTooOld {
        /// As the server states it.
        found: String,
        /// The oldest one that works.
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
    /// This subject is not served, listened to or passed on in that way.
    #[error("{0} is not for that")]
    WrongSubject(Subject),
    /// No row of this bus's table is this stage.
    #[error("the bus has no stage {0}")]
    UnknownStage(Stage),
    /// No name to follow under.
    #[error("{0:?} must be 1 to 32 lower-case letters, digits, `_` or `-`")]
    Follower(String),
    /// A follower that follows nothing.
    #[error("no subject to follow")]
    NoSubject,
    /// The connection was lost or slow while closing: what was under way may not
    /// have reached the server, and will come again.
    #[error("the bus did not close within {0:?}")]
    NotClosed(Duration),
}

impl Error {
    pub(crate) fn jetstream(doing: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::JetStream { doing: doing.into(), source: source.into() }
    }
}

/// The embedded spool fails. Nothing of the operation was done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SpoolError {
    /// No room on the disk.
    #[error("the disk of the message spool is full")]
    DiskFull,
    /// Its file was removed or replaced while it was open.
    #[error("the file of the message spool is gone: {}", .0.display())]
    Gone(PathBuf),
    /// Its file, or a copy of it, cannot be moved.
    #[error("the file of the message spool cannot be moved")]
    Moved(#[source] Arc<std::io::Error>),
    /// Its file is damaged.
    #[error("the message spool is damaged ({0}); `courant check --repair` saves what is whole")]
    Damaged(String),
    /// Another process has it open.
    #[error("the message spool is in use by another process")]
    InUse,
    /// Written by a later version.
    #[error("the message spool has format {0}, which this version does not know")]
    Format(i64),
    /// Damaged, unreadable, or an I/O error.
    #[error("the message spool fails")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// Its thread cannot be started.
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
    /// Larger than [`crate::MAX_MESSAGE_BYTES`]; nothing was sent.
    #[error("the message has {size_bytes} bytes, at most {limit_bytes} are allowed")]
    TooLarge {
        /// Headers and payload.
        size_bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// Only broadcasts and requests travel on this subject, or only stored messages.
    #[error("{0} is not for that")]
    WrongSubject(Subject),
    /// The server does not answer, or not in time: it may have stored the message.
    /// Publishing it again with the same id is safe.
    #[error("the NATS server does not answer")]
    Unavailable(#[source] BoxError),
    /// The server refuses for another reason.
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
    /// Its version or kind is not known here.
    #[error("the message has schema {found}, not {expected}")]
    Schema {
        /// As its header states it.
        found: String,
        /// The schema that was asked for.
        expected: &'static str,
    },
    /// Not a protobuf message of this schema.
    #[error("the message is damaged")]
    Damaged(#[from] prost::DecodeError),
}

/// A request has no reply.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Nobody serves the subject now.
    #[error("nobody answers {0}")]
    NoResponder(Subject),
    /// Somebody serves it, and did not reply in time.
    #[error("no reply to {subject} within {after:?}")]
    Timeout {
        /// The subject of the request.
        subject: Subject,
        /// The time that was waited.
        after: Duration,
    },
    /// The request could not be sent.
    #[error("the request cannot be sent")]
    Send(#[source] PublishError),
    /// The reply is of another version, or damaged.
    #[error("the reply cannot be read")]
    Reply(#[from] DecodeError),
}

/// A handler's error says what is to become of the message.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It may succeed later. After the last delivery it becomes a dead letter.
    #[error("{source:#}")]
    Retry {
        /// Until the next delivery; `None`: as configured, doubling.
        after: Option<Duration>,
        /// The cause.
        source: anyhow::Error,
    },
    /// It can never succeed: a dead letter at once.
    #[error("{source:#}")]
    Discard {
        /// The fault of the message.
        source: anyhow::Error,
    },
}

impl Failure {
    /// It may succeed later, after the configured delay.
    pub fn retry(source: impl Into<anyhow::Error>) -> Self {
        Self::Retry { after: None, source: source.into() }
    }

    /// It can never succeed.
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
