//! Taking work out of the spool.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::OwnedSemaphorePermit;

use super::Embedded;
use super::tables::{Lease, Message, Taken};
use crate::delivery::Arrival;
use crate::error::{BoxError, SpoolError};
use crate::outlet::Outlet;
use crate::settle::{Settle, Step};

/// How long a failing spool is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// Settles one delivery.
struct Receipt {
    embedded: Arc<Embedded>,
    lease: Lease,
}

impl Settle for Receipt {
    fn settle(&self, step: Step) -> BoxFuture<'_, Result<(), BoxError>> {
        let lease = self.lease;
        let settled = self.embedded.spool.run(move |tables| match &step {
            Step::Acknowledge => tables.acknowledge(lease),
            Step::Retry(after) => tables.retry(lease, *after),
            Step::Release => tables.release(lease),
            Step::Progress => tables.extend(lease),
            Step::Bury(letter) => tables.bury(lease, letter),
        });
        async { Ok(settled.await?) }.boxed()
    }
}

/// Takes as much as there are places, until the outlet is stopped.
pub(super) async fn run(embedded: Arc<Embedded>, outlet: Outlet) {
    let mut woken = embedded.spool.woken(outlet.stage.stream());
    loop {
        let places = tokio::select! {
            () = outlet.stop.cancelled() => return,
            places = free_places(&outlet) => places,
        };
        woken.mark_unchanged();
        let taken = take(&embedded, &outlet, places).await;
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
    embedded: &Arc<Embedded>,
    outlet: &Outlet,
    mut places: Vec<OwnedSemaphorePermit>,
) -> Result<Option<Duration>, SpoolError> {
    let (stage, count) = (outlet.stage, places.len());
    let Taken { messages, abandoned, next_due } =
        embedded.spool.run(move |tables| tables.take(stage, count)).await?;
    embedded.report(stage, &abandoned);
    for Message { lease, subject, envelope } in messages {
        let (sequence, attempt) = (lease.sequence, lease.delivery);
        let receipt = Arc::new(Receipt { embedded: Arc::clone(embedded), lease });
        let arrival = Arrival { subject, envelope, sequence, attempt, receipt };
        outlet.put(arrival, places.pop()).await;
    }
    Ok(next_due)
}
