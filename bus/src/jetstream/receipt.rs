//! Settling a delivery at the server.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::handle::{ANSWER, JetStream};
use crate::error::BoxError;
use crate::message::Envelope;
use crate::settle::{Settle, Step};
use crate::stages::Stage;

/// The address at which the server waits to hear of a delivery.
pub(super) struct Receipt {
    pub(super) jetstream: Arc<JetStream>,
    /// Whose letters they are; followers write none.
    pub(super) stage: Option<Stage>,
    pub(super) reply: async_nats::Subject,
}

impl Settle for Receipt {
    fn settle(&self, step: Step) -> BoxFuture<'_, Result<(), BoxError>> {
        async move {
            match step {
                Step::Acknowledge => self.confirmed(AckKind::Ack).await,
                // Always with a delay: without one the server delivers again at once,
                // and all deliveries are used up in milliseconds.
                Step::Retry(after) => {
                    self.confirmed(AckKind::Nak(Some(after.max(Duration::from_millis(1))))).await
                }
                Step::Release => self.confirmed(AckKind::Nak(None)).await,
                Step::Progress => self.progress().await,
                Step::Bury(letter) => self.bury(&letter).await,
            }
        }
        .boxed()
    }
}

impl Receipt {
    async fn progress(&self) -> Result<(), BoxError> {
        Ok(self.jetstream.client.publish(self.reply.clone(), AckKind::Progress.into()).await?)
    }

    /// The letter first: a crash in between gives it twice, under one id.
    async fn bury(&self, letter: &Envelope) -> Result<(), BoxError> {
        if let Some(stage) = self.stage {
            let subject = self.jetstream.shared.names.dead_letters(stage);
            self.jetstream.store(&subject, letter).await?;
        }
        self.confirmed(AckKind::Term).await
    }

    /// A plain acknowledgement is fire and forget.
    async fn confirmed(&self, kind: AckKind) -> Result<(), BoxError> {
        let request = async_nats::Request::new().payload(kind.into()).timeout(Some(ANSWER));
        self.jetstream.client.send_request(self.reply.clone(), request).await?;
        Ok(())
    }
}
