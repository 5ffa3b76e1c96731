//! Taking work out of the spool.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::follow;
use super::handle::EmbeddedBus;
use super::tables::{DeliveryLease, Message, TakenMessages};
use crate::delivery::Arrival;
use crate::error::{BoxError, SpoolError};
use crate::outlet::Outlet;
use crate::settle::{Settle, SettleStep};
use crate::stages::Stage;

/// The wait before a failing spool is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Settles one delivery.
struct WorkReceipt {
    embedded: Arc<EmbeddedBus>,
    lease: DeliveryLease,
}

impl Settle for WorkReceipt {
    fn settle(&self, step: SettleStep) -> BoxFuture<'_, Result<(), BoxError>> {
        let lease = self.lease;
        let settled = self.embedded.spool.run(move |tables| match &step {
            SettleStep::Acknowledge => tables.acknowledge(lease),
            SettleStep::Retry(after) => tables.retry(lease, *after),
            SettleStep::Release => tables.release(lease),
            SettleStep::Progress => tables.extend(lease),
            SettleStep::Bury(letter) => tables.bury(lease, letter),
        });
        async { Ok(settled.await?) }.boxed()
    }
}

/// The part of the spool that a consumer takes from.
pub(super) enum SpoolSource {
    /// Its stage's work.
    Work(Stage),
    /// Messages that a stream keeps.
    Kept(follow::FollowerSource),
}

impl SpoolSource {
    async fn take(
        &mut self,
        embedded: &Arc<EmbeddedBus>,
        outlet: &Outlet,
        places: Vec<OwnedSemaphorePermit>,
    ) -> Result<Option<Duration>, SpoolError> {
        match self {
            Self::Work(stage) => take(embedded, outlet, *stage, places).await,
            Self::Kept(kept) => kept.take(embedded, outlet, places).await,
        }
    }
}

/// Takes as much as there are places, until the outlet is stopped.
pub(super) async fn run(embedded: Arc<EmbeddedBus>, outlet: Outlet, mut source: SpoolSource) {
    let mut woken = embedded.spool.woken(outlet.consumer.stream());
    loop {
        let places = tokio::select! {
            () = outlet.stop.cancelled() => return,
            places = free_places(&outlet) => places,
        };
        woken.mark_unchanged();
        let taken = source.take(&embedded, &outlet, places).await;
        if matches!(taken, Err(SpoolError::Closed)) {
            return;
        }
        embedded.note(taken.as_ref().err());
        let wait = taken.unwrap_or(Some(PAUSE));
        let Some(wait) = wait else { continue };
        tokio::select! {
            () = outlet.stop.cancelled() => return,
            changed = woken.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One place at least, and all that are free besides.
async fn free_places(outlet: &Outlet) -> Vec<OwnedSemaphorePermit> {
    let mut places = Vec::with_capacity(2 * outlet.concurrency);
    places.extend(Arc::clone(&outlet.room).acquire_owned().await);
    while let Ok(place) = Arc::clone(&outlet.room).try_acquire_owned() {
        places.push(place);
    }
    places
}

/// Hands out what is due. `None`: there may be more at once; else how long there
/// is nothing, as far as one knows.
async fn take(
    embedded: &Arc<EmbeddedBus>,
    outlet: &Outlet,
    stage: Stage,
    mut places: Vec<OwnedSemaphorePermit>,
) -> Result<Option<Duration>, SpoolError> {
    let count = places.len();
    let TakenMessages { messages, abandoned, next_due } =
        embedded.spool.run(move |tables| tables.take(stage, count)).await?;
    embedded.report(stage, &abandoned);
    for Message { lease, subject, envelope } in messages {
        let (sequence, attempt) = (lease.sequence, lease.delivery);
        let receipt = Arc::new(WorkReceipt { embedded: Arc::clone(embedded), lease });
        let subject = subject.as_str().to_owned();
        let arrival = Arrival { subject, envelope, sequence, attempt, receipt };
        outlet.put(outlet.delivery(arrival, places.pop())).await;
    }
    Ok(next_due)
}
