//! Failures of a search.

use std::path::PathBuf;
use std::sync::Arc;

/// An error of a search or its index.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] courant_store::Error),
    /// The index failed.
    #[error("the search index: {0}")]
    Index(Arc<tantivy::TantivyError>),
    /// The folder of the index cannot be used.
    #[error("the folder of the search index, {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: Arc<std::io::Error>,
    },
    /// A file of the index is damaged.
    #[error("the search index is damaged: {}", .0.display())]
    Damaged(PathBuf),
    /// A defect, or damage that was not noticed before.
    #[error("the search failed inside")]
    Panicked,
    /// The index is being made, or far behind the store.
    #[error("the search index lacks {missing} changes of the store")]
    Behind {
        /// The number of changes.
        missing: u64,
    },
    /// Another process keeps this index.
    #[error("the search index at {} is kept by another process", .0.display())]
    InUse(PathBuf),
    /// A vector search without a vector.
    #[error("a vector search needs a query vector")]
    NoVector,
    /// The query asks for something that this release cannot answer.
    #[error("{0}")]
    Unsupported(String),
    /// The search was broken off.
    #[error("the search was broken off")]
    BrokenOff,
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(Arc::new(error))
    }
}
