//! The loop that works off a queue.

use std::sync::Arc;

use courant_bus::{Bus, Delivery, Settled, Stage};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::control::Control;

/// Hands every delivery of `stage` to `handle`, at most `concurrency` at once,
/// until `control` says to drain; then gives back what was not started and waits
/// for those in flight. `handle`
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
    tasks.wait().await;
    Ok(())
}
