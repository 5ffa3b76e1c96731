//! Followers of what the spool keeps.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::handle::EmbeddedBus;
use super::tables::{FollowerBatch, KeptMessage, OrderedBatch};
use crate::consumer::Follower;
use crate::delivery::Arrival;
use crate::error::{BoxError, SpoolError};
use crate::follow::{FollowerFeed, Gap, Missed};
use crate::outlet::Outlet;
use crate::settle::{Settle, SettleStep};

/// The wait before a failing spool is asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest wait of an idle follower for the spool to wake it.
const IDLE: Duration = Duration::from_secs(60);
/// Messages read at a time.
const AHEAD: usize = 64;

/// Settles one delivery to a shared follower.
struct FollowerReceipt {
    embedded: Arc<EmbeddedBus>,
    follower: Arc<Follower>,
    sequence: u64,
    delivery: u32,
}

impl Settle for FollowerReceipt {
    fn settle(&self, step: SettleStep) -> BoxFuture<'_, Result<(), BoxError>> {
        let (sequence, delivery) = (self.sequence, self.delivery);
        let follower = Arc::clone(&self.follower);
        let settled = self.embedded.spool.run(move |tables| match &step {
            // A follower's messages need no letters: they stay where they are.
            SettleStep::Acknowledge | SettleStep::Bury(_) => tables.followed(&follower, sequence),
            SettleStep::Retry(after) => tables.follow_later(&follower, sequence, delivery, *after),
            SettleStep::Release => tables.follow_release(&follower, sequence, delivery),
            SettleStep::Progress => tables.follow_extend(&follower, sequence, delivery),
        });
        async { Ok(settled.await?) }.boxed()
    }
}

/// Confirms that a gap was told.
struct GapReceipt {
    embedded: Arc<EmbeddedBus>,
    follower: Arc<Follower>,
    gap: Gap,
}

impl Settle for GapReceipt {
    fn settle(&self, _confirmed: SettleStep) -> BoxFuture<'_, Result<(), BoxError>> {
        let (follower, gap) = (Arc::clone(&self.follower), self.gap);
        let settled = self.embedded.spool.run(move |tables| tables.gap_told(&follower, gap));
        async { Ok(settled.await?) }.boxed()
    }
}

/// A shared follower's way out of the spool.
pub(super) struct FollowerSource {
    pub(super) follower: Arc<Follower>,
    pub(super) gaps: mpsc::Sender<Missed>,
    pub(super) told: Option<Gap>,
}

impl FollowerSource {
    /// Hands out what is due. `None`: there may be more at once; else how long there
    /// is nothing, as far as one knows.
    pub(super) async fn take(
        &mut self,
        embedded: &Arc<EmbeddedBus>,
        outlet: &Outlet,
        mut places: Vec<OwnedSemaphorePermit>,
    ) -> Result<Option<Duration>, SpoolError> {
        let (follower, count) = (Arc::clone(&self.follower), places.len());
        let found = embedded.spool.run(move |tables| tables.take_kept(&follower, count)).await?;
        let FollowerBatch { messages, gap, next_due } = found;
        self.tell(embedded, gap).await;
        for KeptMessage { sequence, delivery, subject, envelope } in messages {
            let (embedded, follower) = (Arc::clone(embedded), Arc::clone(&self.follower));
            let receipt = Arc::new(FollowerReceipt { embedded, follower, sequence, delivery });
            let arrival = Arrival { subject, envelope, sequence, attempt: delivery, receipt };
            outlet.put(outlet.delivery(arrival, places.pop())).await;
        }
        Ok(next_due)
    }

    /// Tells of a gap once; again where it grows.
    async fn tell(&mut self, embedded: &Arc<EmbeddedBus>, gap: Option<Gap>) {
        if gap == self.told {
            return;
        }
        self.told = gap;
        let Some(gap) = gap else { return };
        embedded.shared.metrics.gap(self.follower.stream);
        let (embedded, follower) = (Arc::clone(embedded), Arc::clone(&self.follower));
        let receipt = Some(Arc::new(GapReceipt { embedded, follower, gap }) as Arc<dyn Settle>);
        // It fails where the follower has left: it is told when it comes back.
        let _left = self.gaps.send(Missed { gap, receipt }).await;
    }
}

/// Reads for a follower with a position of its own, until it leaves.
pub(super) async fn run_own(embedded: Arc<EmbeddedBus>, mut feed: FollowerFeed) {
    let mut woken = embedded.spool.woken(feed.stream);
    loop {
        woken.mark_unchanged();
        let read = feed_more(&embedded, &mut feed).await;
        let wait = match read {
            Ok(More::Maybe) => continue,
            Ok(More::Nothing) => IDLE,
            Ok(More::Left) | Err(SpoolError::Closed) => return,
            Err(error) => {
                tracing::warn!(%error, "cannot read the spool for a follower");
                PAUSE
            }
        };
        tokio::select! {
            () = feed.stop.cancelled() => return,
            changed = woken.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

enum More {
    Maybe,
    Nothing,
    Left,
}

async fn feed_more(embedded: &EmbeddedBus, feed: &mut FollowerFeed) -> Result<More, SpoolError> {
    let (stream, subjects, after) = (feed.stream, feed.subjects.clone(), feed.after);
    let OrderedBatch { gap, messages, next_after } =
        embedded.spool.run(move |tables| tables.look(stream, &subjects, after, AHEAD)).await?;
    feed.after = Some(next_after);
    if let Some(gap) = gap
        && !feed.miss(gap).await
    {
        return Ok(More::Left);
    }
    let more = if messages.len() < AHEAD { More::Nothing } else { More::Maybe };
    for KeptMessage { sequence, subject, envelope, .. } in messages {
        if !feed.put(sequence, subject, envelope).await {
            return Ok(More::Left);
        }
    }
    Ok(more)
}
