//! Open claims, and the release of those whose articles were lost.
//!
//! A claim is recorded before its article is stored. In between, the article waits in the
//! queues of the pipeline. It may also become a dead letter, or be lost with a queue or a
//! store. Such a claim must not block later submissions, so it is released.
//!
//! A claim is lost once every message that the queues held at the time of the claim has left
//! them. The queues are checked in the order of the stages. Each must pass the newest message
//! that it held when the queue before it had passed. A stage publishes before it acknowledges,
//! so an article on its way is always in a checked queue. No clock is used.

use std::sync::Arc;

use courant_bus::{Bus, Stage};
use courant_service::Control;
use courant_store::{Claims, OpenClaim};
use tokio::sync::Mutex;
use tokio::time::Duration;

use crate::metrics::Metrics;

/// The stages of an article's way, in their order.
const WAY: [Stage; 4] = [Stage::GATEWAY, Stage::EMBEDDER, Stage::ANALYST, Stage::STORAGE];
/// Claims that are followed at a time.
const MOST: usize = 10_000;
/// The pause between two looks, while nobody asks.
const PACE: Duration = Duration::from_secs(2);

/// The claims of one store, matched with the queues of one bus.
#[derive(Clone)]
pub struct Obligations {
    bus: Bus,
    claims: Claims,
    metrics: Metrics,
    followed: Arc<Mutex<Option<Followed>>>,
}

/// Claims whose articles are looked for on their way.
struct Followed {
    owed: Vec<OpenClaim>,
    /// The place in [`WAY`] whose queue may have them, with the newest message that may be
    /// one of theirs.
    place: usize,
    newest: u64,
}

impl Obligations {
    /// Begins with the claims that are open.
    pub fn new(bus: Bus, claims: Claims, metrics: Metrics) -> Self {
        Self { bus, claims, metrics, followed: Arc::default() }
    }

    /// Looks every two seconds until `control` says to drain.
    pub async fn run(&self, control: &Control) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "claims cannot be matched with the queues");
            }
            tokio::select! {
                () = control.stopped() => return,
                () = tokio::time::sleep(PACE) => {}
            }
        }
    }

    /// Releases, before anything is judged, what the spool does not hold: it may have been
    /// lost, or the end of the store. The queues of a server cannot be searched: there this is
    /// a look as [`Self::run`] takes it, which waits for the entries first, as one of them may be a
    /// claim's own.
    ///
    /// # Errors
    /// If the bus or the store does not answer.
    pub async fn look_at_start(&self) -> anyhow::Result<()> {
        let owed = Box::pin(self.claims.open(MOST)).await?;
        let named = owed.iter().map(|owed| (owed.id, owed.revision));
        let Some(held) = self.bus.holds(named).await? else {
            return self.look().await.map(drop);
        };
        let lost = owed.iter().zip(held).filter(|(_, is_held)| !is_held);
        let lost: Vec<OpenClaim> = lost.map(|(owed, _)| *owed).collect();
        self.release(&lost).await.map(drop)
    }

    /// Looks how far the queues are past the claims that are followed, and releases those
    /// that nothing will store any more. Returns their number.
    ///
    /// # Errors
    /// If the bus or the store does not answer.
    pub(crate) async fn look(&self) -> anyhow::Result<u64> {
        let mut followed = self.followed.lock().await;
        if followed.is_none() {
            *followed = self.begin().await?;
        }
        while let Some(Followed { place, newest, .. }) = &mut *followed {
            if !self.bus.queue_ends(WAY[*place]).await?.is_past(*newest) {
                return Ok(0);
            }
            *place += 1;
            match WAY.get(*place) {
                Some(next) => *newest = self.bus.queue_ends(*next).await?.newest,
                None => break,
            }
        }
        match followed.take() {
            Some(Followed { owed, .. }) => self.release(&owed).await,
            None => Ok(0),
        }
    }

    /// Releases claims of which it is known that nothing will store their articles.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(crate) async fn release(&self, owed: &[OpenClaim]) -> anyhow::Result<u64> {
        // Boxed: the Postgres half of this future is large.
        let released = Box::pin(self.claims.release(owed)).await?;
        if released > 0 {
            self.metrics.released(released);
            tracing::warn!(
                released,
                "articles that were accepted are not stored and in no queue; \
                 they are let in when they come again"
            );
        }
        Ok(released)
    }

    /// The claims come first: what is published for them later has a greater number.
    async fn begin(&self) -> anyhow::Result<Option<Followed>> {
        let owed = Box::pin(self.claims.open(MOST)).await?;
        self.metrics.open_claims(owed.len());
        if owed.is_empty() {
            return Ok(None);
        }
        let newest = self.bus.queue_ends(WAY[0]).await?.newest;
        Ok(Some(Followed { owed, place: 0, newest }))
    }
}
