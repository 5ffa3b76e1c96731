//! Errors of the records.

use courant_access::PasswordError;

/// A failure of the records, or a request that they do not take.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A failure of the file.
    #[error("the file of credentials fails: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A failure of the server.
    #[error(transparent)]
    Postgres(#[from] courant_postgres::Error),
    /// A failure of the server while the tables are made.
    #[error("the server of credentials fails: {0}")]
    Server(#[from] tokio_postgres::Error),
    /// The tables are those of a newer release.
    #[error("the credentials have tables of version {found}, this release knows {known}")]
    Newer {
        /// The version of the tables.
        found: i64,
        /// The newest known version.
        known: i64,
    },
    /// A record that cannot be read.
    #[error("a record of credentials is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    /// A thread has ended before its work.
    #[error("the work on credentials was given up")]
    GivenUp,
    /// A password that is not taken or not checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A request that is invalid.
    #[error("{0}")]
    Invalid(String),
    /// There is no such record.
    #[error("there is no {0}")]
    Missing(String),
    /// There is such a record already.
    #[error("there is a {0} already")]
    Exists(String),
}
