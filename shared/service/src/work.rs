//! The loop that consumes a queue.

use std::sync::Arc;
use std::time::Duration;

use courant_bus::{Bus, Delivery, Failure, Settled, Stage};
use courant_proto::Schema;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::control::Control;
use crate::metrics::AgentMetrics;

/// The time that the work in flight may take once the agent drains. It is shorter than
/// `[service] drain_s`, the time that the process may take to end.
pub(crate) const GRACE: Duration = Duration::from_secs(20);

/// Passes every message of `stage` to `handle`, at most `concurrency` at a time, until
/// `control` drains. Then it releases the messages that were not started, and waits at most 20
/// s for those in flight. Each message is handled within a span, settled by the result of
/// `handle`, and counted in `metrics` and `control`. A message that does not decode as `M` is
/// discarded.
///
/// # Errors
/// If the bus cannot be consumed.
pub async fn work<M, F>(
    bus: &Bus,
    stage: Stage,
    concurrency: usize,
    control: &Control,
    metrics: &AgentMetrics,
    handle: impl FnOnce(M) -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    M: Schema + Send + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    work_decoding(bus, stage, concurrency, control, metrics, Delivery::decode, handle).await
}

/// Works like [`work`], for messages that `decode` reads because they come in several forms.
///
/// # Errors
/// As [`work`].
pub async fn work_decoding<M, F>(
    bus: &Bus,
    stage: Stage,
    concurrency: usize,
    control: &Control,
    metrics: &AgentMetrics,
    decode: impl FnOnce(&Delivery) -> Result<M, Failure> + Clone + Send + 'static,
    handle: impl FnOnce(M) -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    M: Send + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let mut deliveries = bus.consume(stage, concurrency).await?;
    let slots = Arc::new(Semaphore::new(concurrency));
    let tasks = TaskTracker::new();
    while control.running().await {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
        let delivery = tokio::select! {
            biased;
            () = control.stopped() => break,
            delivery = deliveries.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        let (control, metrics) = (control.clone(), metrics.clone());
        let (decode, handle) = (decode.clone(), handle.clone());
        tasks.spawn(async move {
            let _in_flight = control.in_flight();
            let settled = settled(delivery, decode, handle).await;
            metrics.settled(settled);
            control.count(settled);
            drop(slot);
        });
    }
    deliveries.stop().await;
    tasks.close();
    let unfinished = finish(&tasks).await;
    if unfinished > 0 {
        // As where the next queue is full and nobody empties it any more: unsettled,
        // they are delivered again.
        tracing::warn!(%stage, messages = unfinished, "work was not finished in time and is delivered again");
    }
    Ok(())
}

/// Handles one delivery and settles it.
async fn settled<M, F>(
    delivery: Delivery,
    decode: impl FnOnce(&Delivery) -> Result<M, Failure>,
    handle: impl FnOnce(M) -> F,
) -> Settled
where
    F: Future<Output = Result<(), Failure>>,
{
    let handled = async { handle(decode(&delivery)?).await };
    let outcome = handled.instrument(delivery.span()).await;
    delivery.settle(outcome).await
}

/// Waits for what is in hand, [`GRACE`] at most, and says how much is left.
async fn finish(tasks: &TaskTracker) -> usize {
    match tokio::time::timeout(GRACE, tasks.wait()).await {
        Ok(()) => 0,
        Err(_) => tasks.len(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_never_ends_is_left_after_the_grace_and_what_ends_is_waited_for() {
        let tasks = TaskTracker::new();
        tasks.close();
        let started = Instant::now();
        tasks.spawn(tokio::time::sleep(GRACE / 2));
        assert_eq!(finish(&tasks).await, 0);
        assert_eq!(started.elapsed(), GRACE / 2);

        tasks.spawn(std::future::pending::<()>());
        tasks.spawn(tokio::time::sleep(GRACE / 2));
        let started = Instant::now();
        assert_eq!(finish(&tasks).await, 1);
        assert_eq!(started.elapsed(), GRACE);
    }
}
