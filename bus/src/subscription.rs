//! Broadcasts and events, received as they are published.

use std::marker::PhantomData;

use courant_proto::Schema;
use futures::StreamExt;
use tokio::sync::broadcast;

use crate::message::Envelope;
use crate::metrics::Metrics;
use crate::wire;

/// Messages as they pass, from the moment of subscribing.
pub struct Subscription<M> {
    source: BroadcastSource,
    schema: PhantomData<fn() -> M>,
}

enum BroadcastSource {
    Nats(async_nats::Subscriber),
    Memory { passing: broadcast::Receiver<Envelope>, metrics: Metrics },
}

impl<M: Schema> Subscription<M> {
    pub(crate) fn from_nats(subscriber: async_nats::Subscriber) -> Self {
        Self { source: BroadcastSource::Nats(subscriber), schema: PhantomData }
    }

    pub(crate) fn from_memory(passing: broadcast::Receiver<Envelope>, metrics: Metrics) -> Self {
        Self { source: BroadcastSource::Memory { passing, metrics }, schema: PhantomData }
    }

    /// Returns the next readable message. `None` after the bus was closed.
    pub async fn next(&mut self) -> Option<M> {
        loop {
            match self.source.next().await?.open() {
                Ok(message) => return Some(message),
                Err(error) => {
                    tracing::warn!(schema = M::NAME, %error, "a broadcast could not be decoded and was skipped");
                }
            }
        }
    }
}

impl BroadcastSource {
    async fn next(&mut self) -> Option<Envelope> {
        match self {
            Self::Nats(subscriber) => subscriber.next().await.map(wire::envelope),
            Self::Memory { passing, metrics } => loop {
                match passing.recv().await {
                    Ok(envelope) => return Some(envelope),
                    Err(broadcast::error::RecvError::Lagged(missed)) => metrics.missed(missed),
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            },
        }
    }
}
