//! Failures of the store.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use courant_config::RangeError;
use courant_vectors::DimensionError;

/// An error of the store. [`Error::is_transient`] returns true if a later retry can succeed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is out of its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The configuration of the store's connection is wrong.
    #[error("wrong store configuration: {0}")]
    Config(String),
    /// A vector has another dimension than the store.
    #[error("a vector has dimension {found}, but the store holds vectors of dimension {expected}")]
    Dimension {
        /// The store's.
        expected: usize,
        /// The vector's.
        found: usize,
    },
    /// The store was made with another dimension than the one configured.
    #[error(
        "the store was made for vectors of dimension {stored}, but {configured} is configured; \
         set store.dimension or use another store"
    )]
    StoredDimension {
        /// The dimension that the store was made with.
        stored: usize,
        /// The configured `dimension`.
        configured: usize,
    },
    /// A vector comes from another encoder than those in the store.
    #[error(
        "the store holds vectors of the encoder {stored:?}, and those of {found:?} cannot be \
         compared with them; set inference.model to the former, or fill another store"
    )]
    Encoder {
        /// The encoder of the stored vectors.
        stored: String,
        /// The encoder of the refused vector.
        found: String,
    },
    /// A write to a store that was opened read-only.
    #[error("the store was opened for reading only")]
    ReadOnly,
    /// Another process writes to this file.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// There is no store to read.
    #[error("there is no store at {0}")]
    Missing(PathBuf),
    /// The file belongs to another program.
    #[error("{0} is not a store of courant")]
    Foreign(PathBuf),
    /// A newer version of courant made the store.
    #[error("the store has schema version {found}, but this program knows {known}; update it")]
    Newer {
        /// The store's.
        found: i64,
        /// The newest one known.
        known: i64,
    },
    /// An older version of courant made the file, and it is opened read-only.
    #[error("the store has schema version {found}, {known} is needed; run courant migrate")]
    Older {
        /// The store's.
        found: i64,
        /// The version that this program reads.
        known: i64,
    },
    /// Stored values cannot be read.
    #[error("the store is damaged ({0}); `courant check --repair` saves what is whole")]
    Corrupt(String),
    /// The vectors cannot be placed on the device that should compare them.
    #[error("the vectors cannot be compared on the device")]
    Place(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// There is no space left on the disk.
    #[error("the disk that holds the store is full: nothing was written")]
    DiskFull,
    /// The file was removed or replaced while it was open.
    #[error("the store's file is gone: {}", .0.display())]
    Gone(PathBuf),
    /// The file cannot be opened or locked.
    #[error("cannot open {path}")]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: Arc<std::io::Error>,
    },
    /// SQLite failed.
    #[error("sqlite: {0}")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// Postgres cannot be reached, or the connection was lost.
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
    #[error("the store did not answer within {0:?}")]
    Timeout(Duration),
    /// pgvector is absent, too old, or ignores its settings.
    #[error("pgvector: {0}")]
    Pgvector(String),
    /// Postgres refused.
    #[error(transparent)]
    Postgres(Arc<courant_postgres::Error>),
    /// A write required a lease that has ended: another crawler has the domain. Nothing was
    /// written.
    #[error("another crawler has the lease of {domain}")]
    LeaseLost {
        /// The registered domain.
        domain: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Returns true if the same call can succeed later without a change of its arguments.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::DiskFull
            | Self::Gone(_)
            | Self::Unreachable { .. }
            | Self::Busy(_)
            | Self::Timeout(_) => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ),
            Self::Postgres(error) => error.code().is_some_and(|code| {
                // Resources, intervention by an operator, serialization, deadlock.
                ["53", "57", "40"].iter().any(|class| code.code().starts_with(class))
            }),
            _ => false,
        }
    }

    /// Returns true if the values themselves were refused, so that the same call fails
    /// at any time and on any server.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Dimension { .. } | Self::Encoder { .. } => true,
            Self::Postgres(error) => error.code().is_some_and(|code| {
                // Wrong values, violated constraints, limits of the program.
                ["22", "23", "54"].iter().any(|class| code.code().starts_with(class))
            }),
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::TooBig | rusqlite::ErrorCode::ConstraintViolation)
            ),
            _ => false,
        }
    }

    /// The name in metric labels.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::Unreachable { .. } | Self::Busy(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::Corrupt(_) | Self::Foreign(_) => "corrupt",
            _ => "error",
        }
    }
}

impl From<DimensionError> for Error {
    fn from(DimensionError { expected, found }: DimensionError) -> Self {
        Self::Dimension { expected, found }
    }
}

impl From<courant_file_vectors::Error> for Error {
    fn from(error: courant_file_vectors::Error) -> Self {
        use courant_file_vectors::Error as Cause;
        match error {
            Cause::Sqlite(error) => error.into(),
            Cause::Dimension(error) => error.into(),
            Cause::Place(reason) => Self::Place(reason.into()),
            Cause::Corrupt(what) => Self::Corrupt(what),
        }
    }
}

impl From<Arc<rusqlite::Error>> for Error {
    fn from(error: Arc<rusqlite::Error>) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Arc::new(error).into()
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        courant_postgres::Error::from(error).into()
    }
}

impl From<courant_postgres::Error> for Error {
    fn from(error: courant_postgres::Error) -> Self {
        use courant_postgres::Error as Cause;
        match error {
            Cause::Config(why) => Self::Config(why),
            Cause::Unreachable { address, reason } => Self::Unreachable { address, reason },
            Cause::Busy(waited) => Self::Busy(waited),
            Cause::Timeout(limit) => Self::Timeout(limit),
            Cause::Pgvector(why) => Self::Pgvector(why),
            Cause::DiskFull => Self::DiskFull,
            Cause::Closed => Self::Closed,
            Cause::NoRow => Self::Corrupt("a question without an answer".into()),
            error => Self::Postgres(Arc::new(error)),
        }
    }
}
