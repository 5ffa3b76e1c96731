//! Failures of connections and statements.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::error::SqlState;

/// A failure of a connection or a statement.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL cannot be read.
    #[error("wrong address of postgres: {0}")]
    Config(String),
    /// The server cannot be reached, or the connection was lost.
    #[error("cannot reach postgres at {address}: {reason}")]
    Unreachable {
        /// Host and port, or the socket's folder.
        address: String,
        /// Why not.
        reason: String,
    },
    /// All connections stayed in use.
    #[error("no connection to postgres was free within {0:?}")]
    Busy(Duration),
    /// An operation took too long. It is unknown if it was done.
    #[error("postgres did not answer within {0:?}")]
    Timeout(Duration),
    /// pgvector is absent, too old, or ignores its settings.
    #[error("pgvector: {0}")]
    Pgvector(String),
    /// There is no space left on the server's disk.
    #[error("the disk of postgres is full")]
    DiskFull,
    /// The server refused.
    #[error("postgres: {}", described(.0))]
    Refused(#[source] Arc<tokio_postgres::Error>),
    /// A statement that always returns a row returned none.
    #[error("a statement returned no row")]
    NoRow,
    /// A partition that is not a span of time.
    #[error("the partition {table} has bounds of another kind: {bounds}")]
    Bounds {
        /// The partition.
        table: String,
        /// Its bounds.
        bounds: String,
    },
    /// The pool was closed.
    #[error("the connections are closed")]
    Closed,
}

impl Error {
    /// Returns the server's code of a refusal.
    pub fn code(&self) -> Option<&SqlState> {
        match self {
            Self::Refused(error) => error.code(),
            _ => None,
        }
    }
}

/// Returns the message of the server: `Display` of the error says only "db error".
fn described(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(refusal) => format!("{} ({})", refusal.message(), refusal.code().code()),
        None => error.to_string(),
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let code = error.code().map(SqlState::code);
        if code == Some(SqlState::DISK_FULL.code()) {
            return Self::DiskFull;
        }
        // 57P01 to 57P05: the server is stopping, starting, or has crashed. 25P03: it ended
        // a transaction that stood still.
        let is_going = code.is_some_and(|code| code.starts_with("57P") || code == "25P03");
        if is_going || error.is_closed() || (code.is_none() && is_io(&error)) {
            return Self::Unreachable { address: "the pool".into(), reason: described(&error) };
        }
        Self::Refused(Arc::new(error))
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let cause = std::error::Error::source(error);
    cause.is_some_and(|cause| cause.is::<std::io::Error>())
}
