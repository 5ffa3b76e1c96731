//! Requests on the side of their server.

use std::marker::PhantomData;
use std::time::Instant;

use courant_proto::Schema;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use crate::error::PublishError;
use crate::message::Envelope;
use crate::system::MessagingSystem;
use crate::{trace, wire};

/// The requests on one subject that this server gets.
pub struct Requests<Q> {
    source: RequestSource,
    system: MessagingSystem,
    /// The full name of the subject.
    subject: String,
    schema: PhantomData<fn() -> Q>,
}

enum RequestSource {
    Nats { subscriber: async_nats::Subscriber, client: async_nats::Client },
    Memory(mpsc::Receiver<PendingRequest>),
}

/// A request that waits for its server inside the process.
pub(crate) struct PendingRequest {
    pub(crate) question: Envelope,
    pub(crate) reply: oneshot::Sender<Envelope>,
}

/// One request that must be answered. If it is dropped, the requester runs into its timeout.
pub struct Request<Q> {
    /// The message of the request.
    pub message: Q,
    deadline: Option<Instant>,
    span: tracing::Span,
    reply: Reply,
}

enum Reply {
    Nats { client: async_nats::Client, inbox: async_nats::Subject },
    Memory(oneshot::Sender<Envelope>),
}

impl<Q: Schema> Requests<Q> {
    pub(crate) fn from_nats(
        subscriber: async_nats::Subscriber,
        client: async_nats::Client,
        subject: String,
    ) -> Self {
        let source = RequestSource::Nats { subscriber, client };
        Self { source, system: MessagingSystem::Nats, subject, schema: PhantomData }
    }

    pub(crate) fn from_memory(asked: mpsc::Receiver<PendingRequest>, subject: String) -> Self {
        let source = RequestSource::Memory(asked);
        Self { source, system: MessagingSystem::Courant, subject, schema: PhantomData }
    }

    /// Returns the next readable request. `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<Request<Q>> {
        loop {
            let (envelope, reply) = self.source.next().await?;
            match envelope.open() {
                Ok(message) => {
                    let timeout = envelope.timeout();
                    let deadline = timeout.and_then(|time| Instant::now().checked_add(time));
                    let span = trace::reply(self.system, &self.subject, envelope.trace_context());
                    return Some(Request { message, deadline, span, reply });
                }
                Err(error) => {
                    tracing::warn!(schema = Q::NAME, %error, "a request could not be decoded");
                }
            }
        }
    }
}

impl RequestSource {
    async fn next(&mut self) -> Option<(Envelope, Reply)> {
        match self {
            Self::Nats { subscriber, client } => loop {
                let mut message = subscriber.next().await?;
                // Without an inbox nobody waits for the reply.
                if let Some(inbox) = message.reply.take() {
                    let reply = Reply::Nats { client: client.clone(), inbox };
                    return Some((wire::envelope(message), reply));
                }
            },
            Self::Memory(asked) => {
                let asked = asked.recv().await?;
                Some((asked.question, Reply::Memory(asked.reply)))
            }
        }
    }
}

impl<Q> Request<Q> {
    /// Returns the span for the reply, such as `reply courant.request.embed`. It continues the
    /// trace of the requester.
    pub fn span(&self) -> tracing::Span {
        self.span.clone()
    }

    /// Returns the time at which the requester stops waiting, counted from the arrival of the
    /// request. `None` if the request does not state it.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Sends the reply. It is not an error if the requester has stopped waiting.
    ///
    /// # Errors
    /// [`PublishError::TooLarge`], [`PublishError::Unavailable`].
    pub async fn reply<R: Schema>(self, answer: &R) -> Result<(), PublishError> {
        let envelope = Envelope::seal(None, answer)?;
        match self.reply {
            Reply::Nats { client, inbox } => wire::send(&client, inbox, envelope).await,
            Reply::Memory(reply) => {
                let _asker_left = reply.send(envelope);
                Ok(())
            }
        }
    }
}
