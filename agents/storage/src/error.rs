//! The handling of an article that cannot be stored: retry or discard.

use std::sync::Arc;

use courant_bus::Failure;

/// An article was not committed.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CommitError {
    /// The store refused the whole transaction.
    #[error("the store did not take the article: {0}")]
    Store(Arc<courant_store::Error>),
    /// The agent is ending.
    #[error("the storage agent is ending")]
    Ending,
}

impl From<courant_store::Error> for CommitError {
    fn from(error: courant_store::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        let hopeless = matches!(&error, CommitError::Store(e) if e.is_permanent());
        if hopeless { Self::discard(error) } else { Self::retry(error) }
    }
}
