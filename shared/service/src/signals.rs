//! The end of a process after a signal.

use std::time::Duration;

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit status of a process that a second signal ended.
const ABORTED: i32 = 130;

/// Runs `body` on a new runtime. SIGINT and SIGTERM cancel its token: the body stops taking
/// work, and finishes the work in flight within `drain`. A second signal ends the process at
/// once. The body may cancel the token, too, for example because an operator drains it.
///
/// # Errors
/// Those of `body`, or an error if it did not end within `drain` after its token was cancelled.
pub fn block_on<T, F>(
    drain: Duration,
    body: impl FnOnce(CancellationToken) -> F,
) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        tokio::spawn({
            let shutdown = shutdown.clone();
            async move {
                for times in 1.. {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    if times > 1 {
                        std::process::exit(ABORTED);
                    }
                    tracing::info!("finishing what is in flight; a second signal aborts");
                    shutdown.cancel();
                }
            }
        });
        let overdue = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        tokio::select! {
            result = body(shutdown.clone()) => result,
            () = overdue => bail!("did not finish within {drain:?} after it was told to stop"),
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}
