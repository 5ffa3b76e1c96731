//! The loop that works off a queue.

use std::sync::Arc;
use std::time::Duration;

use courant_bus::{Bus, Delivery, Settled, Stage};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::control::Control;

/// How long what is in hand may take once the agent drains: less than the process
/// may take to end, `[service] drain_s`.
const GRACE: Duration = Duration::from_secs(20);

/// Hands every delivery of `stage` to `handle`, at most `concurrency` at once,
/// until `control` says to drain; then gives back what was not started and waits
/// for those in flight, 20 s at most. `handle`
/// settles its delivery and says how.
///
/// # Errors
/// If the bus cannot be consumed at all.
pub async fn work<F>(
    bus: &Bus,
    stage: Stage,
    concurrency: usize,
    control: &Control,
    handle: impl Fn(Delivery) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = Settled> + Send + 'static,
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
        let handled = handle(delivery);
        let control = control.clone();
        tasks.spawn(async move {
            let _in_flight = control.in_flight();
            control.count(handled.await);
            drop(slot);
        });
    }
    deliveries.stop().await;
    tasks.close();
    let unfinished = finish(&tasks).await;
    if unfinished > 0 {
        // As where the next queue is full and nobody empties it any more: unsettled,
        // they are delivered again.
        tracing::warn!(%stage, messages = unfinished, "not finished in time, left to be done again");
    }
    Ok(())
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
