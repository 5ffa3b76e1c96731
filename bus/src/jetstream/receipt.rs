//! Settling a delivery at the server.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;

use super::{ANSWER, JetStream};
use crate::error::BoxError;
use crate::message::Envelope;
use crate::subject::Stage;

/// Where the server wants to hear what became of a delivery.
pub(crate) struct Receipt {
    pub(super) jetstream: Arc<JetStream>,
    pub(super) reply: async_nats::Subject,
}

impl Receipt {
    pub(crate) async fn acknowledge(&self) -> Result<(), BoxError> {
        self.confirmed(AckKind::Ack).await
    }

    /// Always with a delay: without one the server delivers again at once, and all
    /// deliveries are used up in milliseconds.
    pub(crate) async fn retry(&self, after: Duration) -> Result<(), BoxError> {
        self.confirmed(AckKind::Nak(Some(after.max(Duration::from_millis(1))))).await
    }

    pub(crate) async fn release(&self) -> Result<(), BoxError> {
        self.confirmed(AckKind::Nak(None)).await
    }

    pub(crate) async fn progress(&self) -> Result<(), BoxError> {
        Ok(self.jetstream.client.publish(self.reply.clone(), AckKind::Progress.into()).await?)
    }

    /// The letter first: a crash in between gives it twice, under one id.
    pub(crate) async fn bury(&self, stage: Stage, letter: Envelope) -> Result<(), BoxError> {
        let subject = self.jetstream.shared.names.dead_letters(stage);
        self.jetstream.store(&subject, &letter).await?;
        self.confirmed(AckKind::Term).await
    }

    /// A plain acknowledgement is fire and forget.
    async fn confirmed(&self, kind: AckKind) -> Result<(), BoxError> {
        let request = async_nats::Request::new().payload(kind.into()).timeout(Some(ANSWER));
        self.jetstream.client.send_request(self.reply.clone(), request).await?;
        Ok(())
    }
}
