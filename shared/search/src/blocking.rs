//! Work on threads that may wait.

use crate::error::Error;

/// Runs what takes long, or waits for the disk, on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // The panic itself was logged where it happened.
        Err(error) if error.is_panic() => Err(Error::Panicked),
        Err(_) => Err(Error::BrokenOff),
    }
}
