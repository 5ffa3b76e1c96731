//! Failures of backups.

use std::path::{Path, PathBuf};

/// A backup, restore or copy failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] courant_store::Error),
    /// The snapshot could not be written.
    #[error("cannot write {path}")]
    Snapshot {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
    /// A file or folder could not be read or written.
    #[error("{path}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The target holds something already.
    #[error("{0} is there already; name another folder")]
    Exists(PathBuf),
    /// The folder is no whole backup.
    #[error("{path} is no whole backup: {problem}")]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// The first problem.
        problem: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn damaged(path: &Path, problem: impl std::fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), problem: problem.to_string() }
    }
}
