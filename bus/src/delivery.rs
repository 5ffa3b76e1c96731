//! Deliveries: work that was taken and must be settled.

use std::sync::Arc;
use std::time::Duration;

use courant_proto::Schema;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::bus::Shared;
use crate::config::Config;
use crate::error::{BoxError, Failure};
use crate::message::{Envelope, MessageId};
use crate::subject::{Stage, Subject};
use crate::{embedded, jetstream};

/// The work of one stage, as it arrives.
pub struct Deliveries {
    arrived: mpsc::Receiver<Delivery>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// Where a back end puts what it takes for a stage.
pub(crate) struct Outlet {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stage: Stage,
    /// Free places for unsettled deliveries.
    pub(crate) room: Arc<Semaphore>,
    pub(crate) concurrency: usize,
    /// Take nothing more.
    pub(crate) stop: CancellationToken,
    arrived: mpsc::Sender<Delivery>,
}

/// A message to be handled and then settled. Progress is reported while it lives.
/// Dropped unsettled, as in a panic, it comes again after `ack_wait_s`.
pub struct Delivery {
    shared: Arc<Shared>,
    stage: Stage,
    envelope: Envelope,
    sequence: u64,
    attempt: u32,
    receipt: Arc<Receipt>,
    progress: AbortOnDropHandle<()>,
    _place: Option<OwnedSemaphorePermit>,
}

/// What a back end hands out with a message.
pub(crate) struct Arrival {
    pub(crate) envelope: Envelope,
    pub(crate) sequence: u64,
    pub(crate) attempt: u32,
    pub(crate) receipt: Receipt,
}

/// How a delivery is settled at its back end.
pub(crate) enum Receipt {
    JetStream(jetstream::Receipt),
    Embedded(embedded::Receipt),
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was handled.
    Acknowledged,
    /// It comes again after this time.
    Retried(Duration),
    /// It lies in the dead letters.
    Dead,
    /// The back end did not confirm: it comes again, or was settled after all.
    Unconfirmed,
}

/// What is to become of a delivery.
#[derive(Debug, PartialEq)]
enum Decision {
    Acknowledge,
    Retry(Duration),
    Bury { reason: &'static str, error: String },
}

/// More than any agent needs, and less than a subscription buffers.
const MAX_CONCURRENCY: usize = 2000;

/// The error of a message whose last delivery nobody settled.
pub(crate) const ABANDONED: &str =
    "every delivery ended without an answer: the worker died or hung";

/// At most `2 * concurrency` deliveries are out at a time.
pub(crate) fn channel(
    shared: Arc<Shared>,
    stage: Stage,
    concurrency: usize,
) -> (Outlet, Deliveries) {
    let concurrency = concurrency.clamp(1, MAX_CONCURRENCY);
    // One more than there are places: the server may send more than was asked for.
    let (sender, arrived) = mpsc::channel(2 * concurrency + 1);
    let stop = shared.closing.child_token();
    let room = Arc::new(Semaphore::new(2 * concurrency));
    let outlet = Outlet { shared, stage, room, concurrency, stop: stop.clone(), arrived: sender };
    (outlet, Deliveries { arrived, _stop_on_drop: stop.clone().drop_guard(), stop })
}

impl Deliveries {
    /// The next one; `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.arrived.recv().await
    }

    /// The next one if it has arrived already: to fill a batch without waiting.
    pub fn try_next(&mut self) -> Option<Delivery> {
        self.arrived.try_recv().ok()
    }

    /// Takes nothing more, and gives back what was not started, for others to take
    /// at once.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(delivery) = self.arrived.recv().await {
            delivery.release().await;
        }
    }
}

impl Outlet {
    /// Hands out a message. Waits only if the back end sent more than was asked for.
    pub(crate) async fn put(&self, arrival: Arrival, place: Option<OwnedSemaphorePermit>) {
        self.shared.metrics.delivered(self.stage, arrival.attempt);
        let delivery = Delivery::new(Arc::clone(&self.shared), self.stage, arrival, place);
        if let Err(refused) = self.arrived.send(delivery).await {
            refused.0.release().await;
        }
    }
}

impl Delivery {
    fn new(
        shared: Arc<Shared>,
        stage: Stage,
        arrival: Arrival,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let receipt = Arc::new(arrival.receipt);
        let progress = report_progress(Arc::clone(&receipt), shared.config.ack_wait() / 3, stage);
        Self {
            shared,
            stage,
            envelope: arrival.envelope,
            sequence: arrival.sequence,
            attempt: arrival.attempt,
            receipt,
            progress: AbortOnDropHandle::new(tokio::spawn(progress)),
            _place: place,
        }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.stage.subject()
    }

    /// Which delivery of this message it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The message's place in its stream.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The id that its publisher gave it.
    pub fn message_id(&self) -> Option<MessageId> {
        self.envelope.message_id()
    }

    /// The message.
    ///
    /// # Errors
    /// [`Failure::Discard`] if its schema is another than `M`'s, or it is damaged.
    pub fn decode<M: Schema>(&self) -> Result<M, Failure> {
        Ok(self.envelope.open()?)
    }

    /// The trace context of its publisher.
    pub fn trace_context(&self) -> opentelemetry::Context {
        self.envelope.trace_context()
    }

    /// A span for handling it, `process courant.article.accepted`, that continues
    /// its publisher's trace.
    pub fn span(&self) -> tracing::Span {
        let subject = self.shared.names.subject(self.subject());
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {subject}"),
            otel.kind = "consumer",
            messaging.system = "nats",
            messaging.destination.name = subject,
            messaging.operation.type = "process",
            delivery.attempt = self.attempt,
        );
        // It fails where no traces are exported: then there is nothing to continue.
        let _unexported = span.set_parent(self.trace_context());
        span
    }

    /// Says what became of it: acknowledges; or has it delivered again later; or,
    /// after the last delivery or a discard, turns it into a dead letter. Waits for
    /// the back end's confirmation. If that does not come, the message comes again.
    pub async fn settle(self, outcome: Result<(), Failure>) -> Settled {
        // Settled deliveries make no progress.
        self.progress.abort();
        let settled = match decide(&self.shared.config, self.attempt, outcome) {
            Decision::Acknowledge => {
                self.receipt.acknowledge().await.map(|()| Settled::Acknowledged)
            }
            Decision::Retry(after) => {
                self.receipt.retry(after).await.map(|()| Settled::Retried(after))
            }
            Decision::Bury { reason, error } => self.bury(reason, &error).await,
        };
        let settled = settled.unwrap_or_else(|error| {
            tracing::warn!(stage = %self.stage, sequence = self.sequence, %error,
                "a delivery was not settled and comes again");
            Settled::Unconfirmed
        });
        self.shared.metrics.settled(self.stage, settled.label());
        settled
    }

    async fn bury(&self, reason: &'static str, error: &str) -> Result<Settled, BoxError> {
        let names = &self.shared.names;
        let letter = self.envelope.clone().into_dead_letter(
            &letter_id(&names.stream(self.stage.stream()), self.sequence),
            &names.subject(self.subject()),
            self.attempt,
            error,
        );
        tracing::error!(stage = %self.stage, sequence = self.sequence, attempt = self.attempt,
            reason, error, "a message was given up");
        if let Err(error) = self.receipt.bury(self.stage, letter).await {
            // Without a letter it must not go. After its last delivery the reaper
            // finds it; until then it fails again.
            self.receipt.retry(self.shared.config.retry_delay(self.attempt)).await?;
            return Err(error);
        }
        self.shared.metrics.dead_letter(self.stage, reason);
        Ok(Settled::Dead)
    }

    /// Gives it back unstarted.
    async fn release(self) {
        self.progress.abort();
        if let Err(error) = self.receipt.release().await {
            tracing::debug!(stage = %self.stage, %error, "a delivery was not given back");
        }
    }
}

impl Settled {
    fn label(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Retried(_) => "retried",
            Self::Dead => "dead",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// The same however often the message of this number is given up.
pub(crate) fn letter_id(stream: &str, sequence: u64) -> MessageId {
    MessageId::new(format!("dlq:{stream}:{sequence}"))
}

fn decide(config: &Config, attempt: u32, outcome: Result<(), Failure>) -> Decision {
    match outcome {
        Ok(()) => Decision::Acknowledge,
        Err(Failure::Retry { after, .. }) if attempt < config.max_deliver => {
            Decision::Retry(after.unwrap_or_else(|| config.retry_delay(attempt)))
        }
        Err(Failure::Retry { source, .. }) => {
            Decision::Bury { reason: "exhausted", error: format!("{source:#}") }
        }
        Err(Failure::Discard { source }) => {
            Decision::Bury { reason: "discarded", error: format!("{source:#}") }
        }
    }
}

async fn report_progress(receipt: Arc<Receipt>, every: Duration, stage: Stage) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = receipt.progress().await {
            tracing::debug!(%stage, %error, "progress was not reported");
        }
    }
}

impl Receipt {
    async fn acknowledge(&self) -> Result<(), BoxError> {
        match self {
            Self::JetStream(receipt) => receipt.acknowledge().await,
            Self::Embedded(receipt) => Ok(receipt.acknowledge().await?),
        }
    }

    async fn retry(&self, after: Duration) -> Result<(), BoxError> {
        match self {
            Self::JetStream(receipt) => receipt.retry(after).await,
            Self::Embedded(receipt) => Ok(receipt.retry(after).await?),
        }
    }

    async fn release(&self) -> Result<(), BoxError> {
        match self {
            Self::JetStream(receipt) => receipt.release().await,
            Self::Embedded(receipt) => Ok(receipt.release().await?),
        }
    }

    async fn progress(&self) -> Result<(), BoxError> {
        match self {
            Self::JetStream(receipt) => receipt.progress().await,
            Self::Embedded(receipt) => Ok(receipt.progress().await?),
        }
    }

    async fn bury(&self, stage: Stage, letter: Envelope) -> Result<(), BoxError> {
        match self {
            Self::JetStream(receipt) => receipt.bury(stage, letter).await,
            Self::Embedded(receipt) => Ok(receipt.bury(letter).await?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(attempt: u32, failure: Failure) -> Decision {
        decide(&Config::default(), attempt, Err(failure))
    }

    #[test]
    fn a_failure_is_retried_until_the_last_delivery() {
        let failure = || Failure::retry(anyhow::anyhow!("refused").context("cannot store"));
        assert_eq!(decided(1, failure()), Decision::Retry(Duration::from_secs(2)));
        assert_eq!(decided(5, failure()), Decision::Retry(Duration::from_secs(32)));
        let error = "cannot store: refused".to_owned();
        assert_eq!(decided(6, failure()), Decision::Bury { reason: "exhausted", error });
    }

    #[test]
    fn the_handler_may_choose_the_delay_or_give_up_at_once() {
        let later = Failure::retry_after(Duration::from_secs(7), anyhow::anyhow!("busy"));
        assert_eq!(decided(1, later), Decision::Retry(Duration::from_secs(7)));
        let hopeless = Failure::discard(anyhow::anyhow!("no url"));
        let error = "no url".to_owned();
        assert_eq!(decided(1, hopeless), Decision::Bury { reason: "discarded", error });
    }
}
