//! Deliveries: messages that were taken from a queue and must be settled.

use std::sync::Arc;
use std::time::Duration;

use courant_proto::Schema;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Config;
use crate::consumer::Consumer;
use crate::error::{BoxError, Failure};
use crate::message::{Envelope, MessageId};
use crate::settle::{Settle, SettleStep};
use crate::shared::Shared;
use crate::stages::Stage;
use crate::trace;

/// A message that must be handled and then settled. Progress is reported until then. If a
/// delivery is dropped unsettled, for example in a panic, the message is delivered again after
/// `ack_wait_s`.
pub struct Delivery {
    shared: Arc<Shared>,
    consumer: Consumer,
    subject: String,
    envelope: Envelope,
    sequence: u64,
    attempt: u32,
    receipt: Arc<dyn Settle>,
    progress: AbortOnDropHandle<()>,
    /// The permits that the delivery holds until it is dropped.
    room: Vec<OwnedSemaphorePermit>,
}

/// A message as a back end hands it out.
pub(crate) struct Arrival {
    /// The subject without the prefix.
    pub(crate) subject: String,
    pub(crate) envelope: Envelope,
    pub(crate) sequence: u64,
    pub(crate) attempt: u32,
    pub(crate) receipt: Arc<dyn Settle>,
}

/// The way in which a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The message was handled.
    Acknowledged,
    /// The message is delivered again after this time.
    Retried(Duration),
    /// The message was given up. It is now a dead letter; a message of a follower stays in its
    /// stream.
    Dead,
    /// The back end did not confirm. The message is delivered again, or was settled after all.
    Unconfirmed,
}

/// The decision about a delivery.
#[derive(Debug, PartialEq)]
enum SettleDecision {
    Acknowledge,
    Retry(Duration),
    GiveUp { reason: &'static str, error: String },
}

/// The error of a message whose last delivery was never settled.
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

    /// Returns the subject without the prefix, such as `entry.submitted`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the number of this delivery of the message, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the message's sequence number in its stream.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the id that the publisher gave the message.
    pub fn message_id(&self) -> Option<MessageId> {
        self.envelope.message_id()
    }

    /// Decodes the message.
    ///
    /// # Errors
    /// [`Failure::Discard`] if the message has another schema than `M`, or is damaged.
    pub fn decode<M: Schema>(&self) -> Result<M, Failure> {
        Ok(self.envelope.open()?)
    }

    /// Returns the bytes of the message if its publisher declares them as JSON (`Content-Type:
    /// application/json`).
    pub fn json(&self) -> Option<&[u8]> {
        self.envelope.is_json().then_some(&self.envelope.payload)
    }

    /// Returns the trace context of the publisher.
    pub fn trace_context(&self) -> opentelemetry::Context {
        self.envelope.trace_context()
    }

    /// Returns a span for the handling of the message, such as `process
    /// courant.article.accepted`. It continues the trace of the publisher.
    pub fn span(&self) -> tracing::Span {
        let subject = self.shared.names.full(&self.subject);
        let span = trace::process(self.shared.system, &subject, self.trace_context());
        span.record("delivery.attempt", self.attempt);
        span
    }

    /// Settles the delivery. A success is acknowledged. After [`Failure::Retry`] the message is
    /// delivered again later. After the last delivery or [`Failure::Discard`] it becomes a dead
    /// letter. A message of a follower is delivered again for as long as its stream keeps it,
    /// and a discarded one stays in the stream. Waits for the confirmation of the back end.
    /// Without a confirmation the message is delivered again.
    pub async fn settle(self, outcome: Result<(), Failure>) -> Settled {
        // Settled deliveries make no progress.
        self.progress.abort();
        let settled = match decide(&self.shared.config, &self.consumer, self.attempt, outcome) {
            SettleDecision::Acknowledge => {
                self.receipt.settle(SettleStep::Acknowledge).await.map(|()| Settled::Acknowledged)
            }
            SettleDecision::Retry(after) => self
                .receipt
                .settle(SettleStep::Retry(after))
                .await
                .map(|()| Settled::Retried(after)),
            SettleDecision::GiveUp { reason, error } => self.give_up(reason, &error).await,
        };
        let settled = settled.unwrap_or_else(|error| {
            tracing::warn!(consumer = %self.consumer, sequence = self.sequence, %error,
                "a delivery could not be settled and is repeated");
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
            Consumer::Follower(_) => self.receipt.settle(SettleStep::Acknowledge).await?,
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
        if let Err(error) = self.receipt.settle(SettleStep::Bury(letter)).await {
            // Without a letter it must not go.
            let after = self.shared.config.retry_delay(self.attempt);
            self.receipt.settle(SettleStep::Retry(after)).await?;
            return Err(error);
        }
        Ok(())
    }

    /// Gives it up unstarted: its earlier deliveries all ended without an answer.
    pub(crate) async fn abandon(self) {
        self.progress.abort();
        if let Err(error) = self.give_up("abandoned", ABANDONED).await {
            tracing::warn!(consumer = %self.consumer, sequence = self.sequence, error,
                "a delivery could not be given up and is repeated");
        }
    }

    /// Gives it back unstarted.
    pub(crate) async fn release(self) {
        self.progress.abort();
        if let Err(error) = self.receipt.settle(SettleStep::Release).await {
            tracing::debug!(consumer = %self.consumer, %error, "a delivery could not be released");
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
) -> SettleDecision {
    let is_last = matches!(consumer, Consumer::Stage(_)) && attempt >= config.max_deliver;
    match outcome {
        Ok(()) => SettleDecision::Acknowledge,
        Err(Failure::Retry { after, .. }) if !is_last => {
            SettleDecision::Retry(after.unwrap_or_else(|| config.retry_delay(attempt)))
        }
        Err(Failure::Retry { source, .. }) => {
            SettleDecision::GiveUp { reason: "exhausted", error: format!("{source:#}") }
        }
        Err(Failure::Discard { source }) => {
            SettleDecision::GiveUp { reason: "discarded", error: format!("{source:#}") }
        }
    }
}

async fn report_progress(receipt: Arc<dyn Settle>, every: Duration, consumer: Consumer) {
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = receipt.settle(SettleStep::Progress).await {
            tracing::debug!(%consumer, %error, "progress could not be reported");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(attempt: u32, failure: Failure) -> SettleDecision {
        decide(&Config::default(), &Consumer::Stage(Stage::GATEWAY), attempt, Err(failure))
    }

    #[test]
    fn a_failure_is_retried_until_the_last_delivery() {
        let failure = || Failure::retry(anyhow::anyhow!("refused").context("cannot store"));
        assert_eq!(decided(1, failure()), SettleDecision::Retry(Duration::from_secs(2)));
        assert_eq!(decided(5, failure()), SettleDecision::Retry(Duration::from_secs(32)));
        let error = "cannot store: refused".to_owned();
        assert_eq!(decided(6, failure()), SettleDecision::GiveUp { reason: "exhausted", error });
    }

    #[test]
    fn the_handler_may_choose_the_delay_or_give_up_at_once() {
        let (after, source) = (Some(Duration::from_secs(7)), anyhow::anyhow!("busy"));
        let later = Failure::Retry { after, source };
        assert_eq!(decided(1, later), SettleDecision::Retry(Duration::from_secs(7)));
        let hopeless = Failure::discard(anyhow::anyhow!("no url"));
        let error = "no url".to_owned();
        assert_eq!(decided(1, hopeless), SettleDecision::GiveUp { reason: "discarded", error });
    }
}
