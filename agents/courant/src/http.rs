//! Asks a running service over HTTP.

use anyhow::Context;

pub use courant_client::{Server, install_crypto};

/// Runs `body` to its end on a small runtime.
///
/// # Errors
/// Those of `body`, or if no runtime can be started.
pub fn block_on<T>(body: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(body)
}
