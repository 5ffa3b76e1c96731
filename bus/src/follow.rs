//! Following what a stream keeps: events, or dead letters.

use std::sync::Arc;

use courant_proto::Schema;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::delivery::Delivery;
use crate::error::Failure;
use crate::message::Envelope;
use crate::outlet::Deliveries;
use crate::settle::{Settle, Step};
use crate::shared::Shared;
use crate::stages::Stream;
use crate::subject::Subject;
use crate::trace;

/// An item for a follower.
#[derive(Debug)]
pub enum Followed<T> {
    /// A message of the subjects that it follows.
    Message(T),
    /// Messages that it will not get.
    Gap(Gap),
}

/// Messages that went by their age, or gave way to newer ones, before a follower had
/// handled them. Numbers between the two may have been of other subjects, or handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The place of the first in the stream.
    pub first_missing: u64,
    /// The place of the last.
    pub last_missing: u64,
}

/// One of the processes that share the messages for one name. Each message is given to
/// one of them, again where it is not settled, in no order. It starts with the oldest
/// message that is kept.
pub struct SharedFollower {
    deliveries: Deliveries,
    gaps: mpsc::Receiver<Missed>,
    told: Option<Arc<dyn Settle>>,
}

/// A gap, and how to confirm that it was told.
pub(crate) struct Missed {
    pub(crate) gap: Gap,
    pub(crate) receipt: Option<Arc<dyn Settle>>,
}

/// A follower that keeps its own position, and gets every message in order.
pub struct OwnFollower {
    arrived: mpsc::Receiver<Followed<Event>>,
    shared: Arc<Shared>,
    _stop_on_drop: DropGuard,
}

/// A message as it stands in its stream.
pub struct Event {
    shared: Arc<Shared>,
    position: u64,
    subject: String,
    envelope: Envelope,
}

/// The end of the way to an [`OwnFollower`] at which a back end puts in what it reads.
pub(crate) struct Feed {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: Stream,
    pub(crate) subjects: Vec<Subject>,
    /// The position of the last message that the follower has.
    pub(crate) after: Option<u64>,
    pub(crate) stop: CancellationToken,
    arrived: mpsc::Sender<Followed<Event>>,
}

/// Messages read ahead of the follower.
const AHEAD: usize = 64;

impl SharedFollower {
    pub(crate) fn new(deliveries: Deliveries, gaps: mpsc::Receiver<Missed>) -> Self {
        Self { deliveries, gaps, told: None }
    }

    /// The next message, to be settled as every delivery; or a gap, which counts as
    /// handled once the next is asked for. `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<Followed<Delivery>> {
        self.confirm().await;
        tokio::select! {
            biased;
            Some(missed) = self.gaps.recv() => {
                self.told = missed.receipt;
                Some(Followed::Gap(missed.gap))
            }
            delivery = self.deliveries.next() => delivery.map(Followed::Message),
        }
    }

    async fn confirm(&mut self) {
        if let Some(told) = &self.told
            && let Err(error) = told.settle(Step::Acknowledge).await
        {
            tracing::warn!(%error, "a gap was not confirmed and is told again");
        }
        self.told = None;
    }

    /// Takes nothing more, and gives back what was not started.
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
) -> (Feed, OwnFollower) {
    let (sender, arrived) = mpsc::channel(AHEAD);
    let stop = shared.closing.child_token();
    let guard = stop.clone().drop_guard();
    let follower = OwnFollower { arrived, shared: Arc::clone(&shared), _stop_on_drop: guard };
    (Feed { shared, stream, subjects, after, stop, arrived: sender }, follower)
}

impl OwnFollower {
    /// The next message or gap; `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<Followed<Event>> {
        if self.shared.closing.is_cancelled() {
            return None;
        }
        self.arrived.recv().await
    }
}

impl Event {
    /// Its place in the stream: store it together with what was done about it, and
    /// follow from there after a restart.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Its subject without the prefix, as `article.stored`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The message.
    ///
    /// # Errors
    /// [`Failure::Discard`] if its schema is another than `M`'s, or it is damaged.
    pub fn decode<M: Schema>(&self) -> Result<M, Failure> {
        Ok(self.envelope.open()?)
    }

    /// A span for handling it, that continues its publisher's trace.
    pub fn span(&self) -> tracing::Span {
        let subject = self.shared.names.full(&self.subject);
        trace::process(self.shared.system, &subject, self.envelope.trace_context())
    }
}

impl Feed {
    /// Puts in a message; false once nobody takes it.
    pub(crate) async fn put(&self, position: u64, subject: String, envelope: Envelope) -> bool {
        let shared = Arc::clone(&self.shared);
        let event = Event { shared, position, subject, envelope };
        self.arrived.send(Followed::Message(event)).await.is_ok()
    }

    /// Puts in a gap; false once nobody takes it.
    pub(crate) async fn miss(&self, gap: Gap) -> bool {
        self.shared.metrics.gap(self.stream);
        self.arrived.send(Followed::Gap(gap)).await.is_ok()
    }
}
