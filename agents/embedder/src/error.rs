//! The handling of an article that cannot be embedded: retry or discard.

use courant_bus::Failure;
use courant_inference::Error;

/// A text that can never be embedded is discarded; what the device or the queue
/// did wrong may go well the next time.
pub(crate) fn failure(error: Error) -> Failure {
    match error {
        Error::EmptyText { .. } => Failure::discard(error),
        _ => Failure::retry(error),
    }
}
