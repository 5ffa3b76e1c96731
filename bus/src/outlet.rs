//! The channel from a back end to the agent that handles its messages.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::consumer::Consumer;
use crate::delivery::{Arrival, Delivery};
use crate::shared::Shared;

/// More than any agent needs, and less than a subscription buffers.
const MAX_CONCURRENCY: usize = 2000;

/// The deliveries of one stage, as they arrive.
pub struct Deliveries {
    arrived: mpsc::Receiver<Delivery>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// The channel end through which a back end sends messages to a consumer.
#[derive(Clone)]
pub(crate) struct Outlet {
    pub(crate) shared: Arc<Shared>,
    pub(crate) consumer: Consumer,
    /// Free places for unsettled deliveries.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) concurrency: usize,
    /// Take nothing more.
    pub(crate) stop: CancellationToken,
    arrived: mpsc::Sender<Delivery>,
}

/// At most `2 * concurrency` deliveries are out at a time.
pub(crate) fn channel(
    shared: Arc<Shared>,
    consumer: Consumer,
    concurrency: usize,
) -> (Outlet, Deliveries) {
    let concurrency = concurrency.clamp(1, MAX_CONCURRENCY);
    // One more than there are places: the server may send more than was asked for.
    let (sender, arrived) = mpsc::channel(2 * concurrency + 1);
    let stop = shared.closing.child_token();
    let room = Arc::new(Semaphore::new(2 * concurrency));
    let outlet =
        Outlet { shared, consumer, room, concurrency, stop: stop.clone(), arrived: sender };
    (outlet, Deliveries { arrived, _stop_on_drop: stop.clone().drop_guard(), stop })
}

impl Deliveries {
    /// Returns the next delivery. `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.arrived.recv().await
    }

    /// Stops consuming, and releases the deliveries that were not started, so that others get
    /// them at once.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(delivery) = self.arrived.recv().await {
            delivery.release().await;
        }
    }
}

impl Outlet {
    /// Makes a delivery of what arrived. Its progress is reported from now on.
    pub(crate) fn delivery(
        &self,
        arrival: Arrival,
        place: Option<OwnedSemaphorePermit>,
    ) -> Delivery {
        Delivery::new(Arc::clone(&self.shared), self.consumer.clone(), arrival, place)
    }

    /// Hands out a delivery. Waits only if the back end sent more than was asked for.
    pub(crate) async fn put(&self, delivery: Delivery) {
        self.shared.metrics.delivered(&self.consumer, delivery.attempt());
        if let Err(refused) = self.arrived.send(delivery).await {
            refused.0.release().await;
        }
    }
}
