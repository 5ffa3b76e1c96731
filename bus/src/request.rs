//! Requests as their server sees them.

use std::marker::PhantomData;
use std::time::Instant;

use courant_proto::Schema;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use crate::error::PublishError;
use crate::message::Envelope;
use crate::system::System;
use crate::{trace, wire};

/// The requests on one subject that fall to this server of it.
pub struct Requests<Q> {
    source: Source,
    system: System,
    /// Its full name.
    subject: String,
    schema: PhantomData<fn() -> Q>,
}

enum Source {
    Nats { subscriber: async_nats::Subscriber, client: async_nats::Client },
    Memory(mpsc::Receiver<Asked>),
}

/// A request on its way inside the process.
pub(crate) struct Asked {
    pub(crate) question: Envelope,
    pub(crate) reply: oneshot::Sender<Envelope>,
}

/// One request, to be answered. Dropped, it runs into the asker's timeout.
pub struct Request<Q> {
    /// The question.
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
        let source = Source::Nats { subscriber, client };
        Self { source, system: System::Nats, subject, schema: PhantomData }
    }

    pub(crate) fn from_memory(asked: mpsc::Receiver<Asked>, subject: String) -> Self {
        let source = Source::Memory(asked);
        Self { source, system: System::Courant, subject, schema: PhantomData }
    }

    /// The next request that can be read; `None` after the bus was closed.
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
                    tracing::warn!(schema = Q::NAME, %error, "a request was not understood");
                }
            }
        }
    }
}

impl Source {
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
    /// The span for answering it, `reply courant.request.embed`, that continues the
    /// trace of whoever asks. It ends with its last handle.
    pub fn span(&self) -> tracing::Span {
        self.span.clone()
    }

    /// When whoever asks stops waiting, by the time at which the request was taken;
    /// `None` where it does not say.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Answers. Whoever asked may have stopped waiting: that is no error.
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
