//! Settling a delivery at the server.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::handle::{ANSWER, JetStream};
use super::strikes::Strikes;
use crate::error::BoxError;
use crate::message::Envelope;
use crate::settle::{Settle, SettleStep};

/// The address at which the server waits to hear of a delivery.
pub(super) struct AckReceipt {
    pub(super) jetstream: Arc<JetStream>,
    /// A follower's deliveries have none: nothing gives them up.
    pub(super) strikes: Option<Strikes>,
    pub(super) reply: async_nats::Subject,
}

impl Settle for AckReceipt {
    fn settle(&self, step: SettleStep) -> BoxFuture<'_, Result<(), BoxError>> {
        async move {
            match step {
                SettleStep::Acknowledge => self.end(AckKind::Ack).await,
                // Always with a delay: without one the server delivers again at once,
                // and all deliveries are used up in milliseconds.
                SettleStep::Retry(after) => {
                    self.note_failure().await;
                    self.confirmed(AckKind::Nak(Some(after.max(Duration::from_millis(1))))).await
                }
                SettleStep::Release => self.release().await,
                SettleStep::Progress => self.progress().await,
                SettleStep::Bury(letter) => self.bury(&letter).await,
            }
        }
        .boxed()
    }
}

impl AckReceipt {
    async fn progress(&self) -> Result<(), BoxError> {
        Ok(self.jetstream.client.publish(self.reply.clone(), AckKind::Progress.into()).await?)
    }

    /// The letter first: a crash in between gives it twice, under one id.
    async fn bury(&self, letter: &Envelope) -> Result<(), BoxError> {
        if let Some(strikes) = &self.strikes {
            let subject = self.jetstream.shared.names.dead_letters(strikes.stage());
            self.jetstream.store(&subject, letter).await?;
        }
        self.end(AckKind::Term).await
    }

    /// The message goes; what is left of its notes goes by its age.
    async fn end(&self, kind: AckKind) -> Result<(), BoxError> {
        self.confirmed(kind).await?;
        if let Some(strikes) = &self.strikes
            && let Err(error) = self.jetstream.forget(strikes).await
        {
            tracing::debug!(error, "the notes of a settled message could not be removed");
        }
        Ok(())
    }

    /// It did not begin after all.
    async fn release(&self) -> Result<(), BoxError> {
        if let Some(strikes) = &self.strikes {
            self.jetstream.does_not_begin(strikes).await?;
        }
        self.confirmed(AckKind::Nak(None)).await
    }

    /// A failure that is not noted counts less: the message is tried more often.
    async fn note_failure(&self) {
        if let Some(strikes) = &self.strikes
            && let Err(error) = self.jetstream.has_failed(strikes).await
        {
            tracing::warn!(error, "the failure of a delivery could not be noted");
        }
    }

    /// A plain acknowledgement is fire and forget.
    async fn confirmed(&self, kind: AckKind) -> Result<(), BoxError> {
        let request = async_nats::Request::new().payload(kind.into()).timeout(Some(ANSWER));
        self.jetstream.client.send_request(self.reply.clone(), request).await?;
        Ok(())
    }
}
