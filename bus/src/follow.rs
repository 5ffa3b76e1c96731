//! Followers of the events or dead letters that a stream keeps.

use std::sync::Arc;

use courant_proto::Schema;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::delivery::Delivery;
use crate::error::Failure;
use crate::message::Envelope;
use crate::outlet::Deliveries;
use crate::settle::{Settle, SettleStep};
use crate::shared::Shared;
use crate::stages::Stream;
use crate::subject::Subject;
use crate::trace;

/// An item for a follower.
#[derive(Debug)]
pub enum FollowedItem<T> {
    /// A message of the followed subjects.
    Message(T),
    /// Messages that the follower will not get.
    Gap(Gap),
}

/// Messages that were removed by their age or number before the follower handled them. Some
/// numbers within the gap may belong to other subjects or to handled messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The sequence number of the first missing message in the stream.
    pub first_missing: u64,
    /// The sequence number of the last missing message.
    pub last_missing: u64,
}

/// A follower that shares its messages with the other processes under one name. Each message is
/// delivered to one of them, and again if it is not settled, in no fixed order. A new name
/// starts with the oldest kept message.
pub struct SharedFollower {
    deliveries: Deliveries,
    gaps: mpsc::Receiver<Missed>,
    told: Option<Arc<dyn Settle>>,
}

/// A gap with the means to confirm that the follower was told about it.
pub(crate) struct Missed {
    pub(crate) gap: Gap,
    pub(crate) receipt: Option<Arc<dyn Settle>>,
}

/// A follower that keeps its own position, and gets every message in order.
pub struct OwnFollower {
    arrived: mpsc::Receiver<FollowedItem<Event>>,
    shared: Arc<Shared>,
    _stop_on_drop: DropGuard,
}

/// A message with its position in the stream.
pub struct Event {
    shared: Arc<Shared>,
    position: u64,
    subject: String,
    envelope: Envelope,
}

/// The channel through which a back end sends messages to an [`OwnFollower`].
pub(crate) struct FollowerFeed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: Stream,
    pub(crate) subjects: Vec<Subject>,
    /// The position of the last message that the follower has.
    pub(crate) after: Option<u64>,
    pub(crate) stop: CancellationToken,
    arrived: mpsc::Sender<FollowedItem<Event>>,
}

/// Messages read ahead of the follower.
const AHEAD: usize = 64;

impl SharedFollower {
    pub(crate) fn new(deliveries: Deliveries, gaps: mpsc::Receiver<Missed>) -> Self {
        Self { deliveries, gaps, told: None }
    }

    /// Returns the next message or gap. A message must be settled like every delivery. A gap
    /// counts as handled when the next item is requested. `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<FollowedItem<Delivery>> {
        self.confirm().await;
        tokio::select! {
            biased;
            Some(missed) = self.gaps.recv() => {
                self.told = missed.receipt;
                Some(FollowedItem::Gap(missed.gap))
            }
            delivery = self.deliveries.next() => delivery.map(FollowedItem::Message),
        }
    }

    async fn confirm(&mut self) {
        if let Some(told) = &self.told
            && let Err(error) = told.settle(SettleStep::Acknowledge).await
        {
            tracing::warn!(%error, "a gap could not be confirmed and is reported again");
        }
        self.told = None;
    }

    /// Stops the follower, and releases the messages that were not started.
    pub async fn stop(self) {
        self.deliveries.stop().await;
    }
}

/// Both ends of the way to a follower.
pub(crate) fn own(
    shared: Arc<Shared>,
    stream: Stream,
    subjects: Vec<Subject>,
    after: Option<u64>,
) -> (FollowerFeed, OwnFollower) {
    let (sender, arrived) = mpsc::channel(AHEAD);
    let stop = shared.closing.child_token();
    let guard = stop.clone().drop_guard();
    let follower = OwnFollower { arrived, shared: Arc::clone(&shared), _stop_on_drop: guard };
    (FollowerFeed { shared, stream, subjects, after, stop, arrived: sender }, follower)
}

impl OwnFollower {
    /// Returns the next message or gap. `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<FollowedItem<Event>> {
        if self.shared.closing.is_cancelled() {
            return None;
        }
        self.arrived.recv().await
    }
}

impl Event {
    /// Returns the position of the message in its stream. Store it in the same transaction as
    /// the result of the message, and follow from it after a restart.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its subject without the prefix, as `article.stored`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Decodes the message.
    ///
    /// # Errors
    /// [`Failure::Discard`] if its schema is another than `M`'s, or it is damaged.
    pub fn decode<M: Schema>(&self) -> Result<M, Failure> {
        Ok(self.envelope.open()?)
    }

    /// Returns a span for the handling of the message. It continues the trace of the publisher.
    pub fn span(&self) -> tracing::Span {
        let subject = self.shared.names.full(&self.subject);
        trace::process(self.shared.system, &subject, self.envelope.trace_context())
    }
}

impl FollowerFeed {
    /// Sends a message to the follower. Returns false once the follower is gone.
    pub(crate) async fn put(&self, position: u64, subject: String, envelope: Envelope) -> bool {
        let shared = Arc::clone(&self.shared);
        let event = Event { shared, position, subject, envelope };
        self.arrived.send(FollowedItem::Message(event)).await.is_ok()
    }

    /// Sends a gap to the follower. Returns false once the follower is gone.
    pub(crate) async fn miss(&self, gap: Gap) -> bool {
        self.shared.metrics.gap(self.stream);
        self.arrived.send(FollowedItem::Gap(gap)).await.is_ok()
    }
}
