//! Failures of vectors in a file.

use courant_vectors::DimensionError;

/// An error of the vectors in a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite failed.
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Stored values cannot be read.
    #[error("{0}")]
    Corrupt(String),
    /// A vector has another dimension than the others.
    #[error(transparent)]
    Dimension(#[from] DimensionError),
    /// The vectors cannot be placed on the device that should compare them.
    #[error("the vectors cannot be compared on the device")]
    Place(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn corrupt(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("{what}: {why}"))
    }
}
