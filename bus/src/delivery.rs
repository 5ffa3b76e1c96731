//! Deliveries: work that was taken and must be settled.

use std::sync::Arc;
use std::time::Duration;

use courant_proto::Schema;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::consumer::Consumer;
use crate::error::{BoxError, Failure};
use crate::message::{Envelope, MessageId};
use crate::settle::{Settle, Step};
use crate::shared::Shared;
use crate::stages::Stage;
use crate::trace;

/// A message to be handled and then settled. Progress is reported while it lives.
/// Dropped unsettled, as in a panic, it comes again after `ack_wait_s`.
pub struct Delivery {
    shared: Arc<Shared>,
    consumer: Consumer,
    subject: String,
    envelope: Envelope,
    sequence: u64,
    attempt: u32,
    receipt: Arc<dyn Settle>,
    progress: AbortOnDropHandle<()>,
    /// Room that it takes up as long as it lives.
    room: Vec<OwnedSemaphorePermit>,
}

/// A message as a back end hands it out.
pub(crate) struct Arrival {
    /// Without the prefix.
    pub(crate) subject: String,
    pub(crate) envelope: Envelope,
    pub(crate) sequence: u64,
    pub(crate) attempt: u32,
    pub(crate) receipt: Arc<dyn Settle>,
}

/// The end of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was handled.
    Acknowledged,
    /// It comes again after this time.
    Retried(Duration),
    /// It was given up, and lies in the dead letters; or, a follower's, in its stream.
    Dead,
    /// The back end did not confirm: it comes again, or was settled after all.
    Unconfirmed,
}

/// The decision about a delivery.
#[derive(Debug, PartialEq)]
enum Decision {
    Acknowledge,
    Retry(Duration),
    GiveUp { reason: &'static str, error: String },
}

/// The error of a message whose last delivery nobody settled.
pub(crate) const ABANDONED: &str =
    "every delivery ended without an answer: the worker died or hung";

impl Delivery {
    pub(crate) fn new(
        shared: Arc<Shared>,
        consumer: Consumer,
        arrival: Arrival,
        place: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let receipt = arrival.receipt;
        let every = shared.config.ack_wait() / 3;
        let progress = report_progress(Arc::clone(&receipt), every, consumer.clone());
        Self {
            shared,
            consumer,
            subject: arrival.subject,
            envelope: arrival.envelope,
            sequence: arrival.sequence,
            attempt: arrival.attempt,
            receipt,
            progress: AbortOnDropHandle::new(tokio::spawn(progress)),
            room: Vec::from_iter(place),
        }
    }

    /// Takes up `room` as long as it lives.
    pub(crate) fn keep(&mut self, room: OwnedSemaphorePermit) {
        self.room.push(room);
    }

    /// Its subject without the prefix, as `entry.submitted`.
    pub fn subject(&self) -> &str {
        &self.subject
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

    /// The bytes of the message, if its publisher says that they are JSON
    /// (`Content-Type: application/json`).
    pub fn json(&self) -> Option<&[u8]> {
        self.envelope.is_json().then_some(&self.envelope.payload)
    }

    /// The trace context of its publisher.
    pub fn trace_context(&self) -> opentelemetry::Context {
        self.envelope.trace_context()
    }

    /// A span for handling it, `process courant.article.accepted`, that continues
    /// its publisher's trace.
    pub fn span(&self) -> tracing::Span {
        let subject = self.shared.names.full(&self.subject);
        let span = trace::process(self.shared.system, &subject, self.trace_context());
        span.record("delivery.attempt", self.attempt);
        span
    }

    /// Settles it: acknowledges; or has it delivered again later; or, after the last
    /// delivery or a discard, turns it into a dead letter. A follower's is delivered
    /// again as long as its stream keeps it, and a discarded one stays there. Waits for
    /// the back end's confirmation. If that does not come, the message comes again.
    pub async fn settle(self, outcome: Result<(), Failure>) -> Settled {
        // Settled deliveries make no progress.
        self.progress.abort();
        let settled = match decide(&self.shared.config, &self.consumer, self.attempt, outcome) {
            Decision::Acknowledge => {
                self.receipt.settle(Step::Acknowledge).await.map(|()| Settled::Acknowledged)
            }
            Decision::Retry(after) => {
                self.receipt.settle(Step::Retry(after)).await.map(|()| Settled::Retried(after))
            }
            Decision::GiveUp { reason, error } => self.give_up(reason, &error).await,
        };
        let settled = settled.unwrap_or_else(|error| {
            tracing::warn!(consumer = %self.consumer, sequence = self.sequence, %error,
                "a delivery was not settled and comes again");
            Settled::Unconfirmed
        });
        self.shared.metrics.settled(&self.consumer, settled.label());
        settled
    }

    async fn give_up(&self, reason: &'static str, error: &str) -> Result<Settled, BoxError> {
        tracing::error!(consumer = %self.consumer, sequence = self.sequence,
            attempt = self.attempt, reason, error, "a message was given up");
        match &self.consumer {
            Consumer::Stage(stage) => self.bury(*stage, error).await?,
            Consumer::Follower(_) => self.receipt.settle(Step::Acknowledge).await?,
        }
        self.shared.metrics.given_up(&self.consumer, reason);
        Ok(Settled::Dead)
    }

    async fn bury(&self, stage: Stage, error: &str) -> Result<(), BoxError> {
        let names = &self.shared.names;
        let letter = self.envelope.clone().into_dead_letter(
            &letter_id(&names.stream(stage.stream()), self.sequence),
            &names.full(&self.subject),
            self.attempt,
            error,
        );
        if let Err(error) = self.receipt.settle(Step::Bury(letter)).await {
            // Without a letter it must not go.
            let after = self.shared.config.retry_delay(self.attempt);
            self.receipt.settle(Step::Retry(after)).await?;
            return Err(error);
        }
        Ok(())
    }

    /// Gives it up unstarted: its earlier deliveries all ended without an answer.
    pub(crate) async fn abandon(self) {
        self.progress.abort();
        if let Err(error) = self.give_up("abandoned", ABANDONED).await {
            tracing::warn!(consumer = %self.consumer, sequence = self.sequence, error,
                "a delivery was not given up and comes again");
        }
    }

    /// Gives it back unstarted.
    pub(crate) async fn release(self) {
        self.progress.abort();
        if let Err(error) = self.receipt.settle(Step::Release).await {
            tracing::debug!(consumer = %self.consumer, %error, "a delivery was not given back");
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

fn decide(
    config: &Config,
    consumer: &Consumer,
    attempt: u32,
    outcome: Result<(), Failure>,
) -> Decision {
    let is_last = matches!(consumer, Consumer::Stage(_)) && attempt >= config.max_deliver;
    match outcome {
        Ok(()) => Decision::Acknowledge,
        Err(Failure::Retry { after, .. }) if !is_last => {
            Decision::Retry(after.unwrap_or_else(|| config.retry_delay(attempt)))
        }
        Err(Failure::Retry { source, .. }) => {
            Decision::GiveUp { reason: "exhausted", error: format!("{source:#}") }
        }
        Err(Failure::Discard { source }) => {
            Decision::GiveUp { reason: "discarded", error: format!("{source:#}") }
        }
    }
}

async fn report_progress(receipt: Arc<dyn Settle>, every: Duration, consumer: Consumer) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = receipt.settle(Step::Progress).await {
            tracing::debug!(%consumer, %error, "progress was not reported");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(attempt: u32, failure: Failure) -> Decision {
        decide(&Config::default(), &Consumer::Stage(Stage::GATEWAY), attempt, Err(failure))
    }

    #[test]
    fn a_failure_is_retried_until_the_last_delivery() {
        let failure = || Failure::retry(anyhow::anyhow!("refused").context("cannot store"));
        assert_eq!(decided(1, failure()), Decision::Retry(Duration::from_secs(2)));
        assert_eq!(decided(5, failure()), Decision::Retry(Duration::from_secs(32)));
        let error = "cannot store: refused".to_owned();
        assert_eq!(decided(6, failure()), Decision::GiveUp { reason: "exhausted", error });
    }

    #[test]
    fn the_handler_may_choose_the_delay_or_give_up_at_once() {
        let (after, source) = (Some(Duration::from_secs(7)), anyhow::anyhow!("busy"));
        let later = Failure::Retry { after, source };
        assert_eq!(decided(1, later), Decision::Retry(Duration::from_secs(7)));
        let hopeless = Failure::discard(anyhow::anyhow!("no url"));
        let error = "no url".to_owned();
        assert_eq!(decided(1, hopeless), Decision::GiveUp { reason: "discarded", error });
    }
}
