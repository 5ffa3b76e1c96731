//! Pulling work. The client library's own streams are not used: one buffers
//! messages whose `ack_wait` runs unseen, the other may sleep through the message
//! that follows a heartbeat.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::BatchConfig;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::{StatusCode, Subscriber};
use futures::StreamExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::hand_out::{Pulled, hand_out};
use super::handle::{ANSWER, JetStream};
use crate::error::BoxError;
use crate::outlet::Outlet;

/// A pull request ends after this time, and is made again.
const EXPIRES: Duration = Duration::from_secs(30);
/// While it waits, the server says every so often that it is there.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// A server silent for so long has forgotten the request.
const SILENCE: Duration = Duration::from_secs(11);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Pulls until the outlet is stopped, through lost connections and consumers.
pub(super) async fn run(
    jetstream: Arc<JetStream>,
    mut consumer: Consumer<pull::Config>,
    outlet: Outlet,
) {
    let mut pause = FIRST_PAUSE;
    while !outlet.stop.is_cancelled() {
        let started = Instant::now();
        match Pull::open(&jetstream, &consumer, &outlet).await {
            Ok(pull) => match pull.run().await {
                Ok(()) => continue,
                Err(error) => tracing::warn!(%error, "pulling was interrupted and starts again"),
            },
            Err(error) => tracing::warn!(%error, "cannot pull"),
        }
        pause = if started.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { pause };
        tokio::select! {
            () = outlet.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
        match jetstream.durable(&outlet.consumer).await {
            Ok(found) => consumer = found,
            Err(error) => tracing::warn!(%error, "cannot find the consumer"),
        }
    }
}

/// Requests under one inbox, and the places that they hold.
struct Pull<'a> {
    jetstream: &'a Arc<JetStream>,
    consumer: &'a Consumer<pull::Config>,
    outlet: &'a Outlet,
    inbox: async_nats::Subject,
    subscriber: Subscriber,
    /// Places for what was requested and has not come.
    requested: Option<OwnedSemaphorePermit>,
    /// When the server was heard last.
    heard: Instant,
}

impl<'a> Pull<'a> {
    async fn open(
        jetstream: &'a Arc<JetStream>,
        consumer: &'a Consumer<pull::Config>,
        outlet: &'a Outlet,
    ) -> Result<Self, BoxError> {
        let inbox = async_nats::Subject::from(jetstream.client.new_inbox());
        let subscriber = jetstream.client.subscribe(inbox.clone()).await?;
        let heard = Instant::now();
        Ok(Self { jetstream, consumer, outlet, inbox, subscriber, requested: None, heard })
    }

    /// Until stopped, connected anew, or refused. The next one has its own inbox, so
    /// that the server drops what is left of the requests of this one.
    async fn run(mut self) -> Result<(), BoxError> {
        let ended = self.pull().await;
        let leftover = tokio::time::timeout(ANSWER, self.finish()).await;
        ended.and(leftover.unwrap_or(Ok(())))
    }

    /// Hands out what the server had sent when it heard that no more is wanted:
    /// else that would lie until its `ack_wait` is over.
    async fn finish(&mut self) -> Result<(), BoxError> {
        self.subscriber.drain().await?;
        while let Some(message) = self.subscriber.next().await {
            if matches!(message.status, None | Some(StatusCode::OK)) {
                self.deliver(message).await?;
            }
        }
        Ok(())
    }

    async fn pull(&mut self) -> Result<(), BoxError> {
        let mut connections = self.jetstream.connections.clone();
        connections.mark_unchanged();
        loop {
            self.request().await?;
            let room = Arc::clone(&self.outlet.room);
            tokio::select! {
                () = self.outlet.stop.cancelled() => return Ok(()),
                changed = connections.changed() => return Ok(changed?),
                message = self.subscriber.next() => {
                    self.heard = Instant::now();
                    self.receive(message.ok_or("the subscription has ended")?).await?;
                }
                place = room.acquire_owned(), if self.outstanding() == 0 => drop(place),
                () = tokio::time::sleep_until(self.heard + SILENCE), if self.outstanding() > 0 => {
                    return Err("the server is silent".into());
                }
            }
        }
    }

    fn outstanding(&self) -> usize {
        self.requested.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }

    /// Asks for as many messages as there are places: at once where none are under
    /// way, else when it is worth a request.
    async fn request(&mut self) -> Result<(), BoxError> {
        let free = self.outlet.room.available_permits();
        let worth = if self.outstanding() == 0 { 1 } else { self.outlet.concurrency.div_ceil(2) };
        if free < worth {
            return Ok(());
        }
        let Ok(count) = u32::try_from(free) else {
            return Ok(());
        };
        let Ok(places) = Arc::clone(&self.outlet.room).try_acquire_many_owned(count) else {
            return Ok(());
        };
        if self.outstanding() == 0 {
            self.heard = Instant::now();
        }
        let batch = BatchConfig {
            batch: free,
            expires: Some(EXPIRES),
            idle_heartbeat: HEARTBEAT,
            ..Default::default()
        };
        self.consumer.request_batch(batch, self.inbox.clone()).await?;
        match &mut self.requested {
            Some(requested) => requested.merge(places),
            None => self.requested = Some(places),
        }
        Ok(())
    }

    async fn receive(&mut self, message: async_nats::Message) -> Result<(), BoxError> {
        match message.status {
            None | Some(StatusCode::OK) => self.deliver(message).await,
            Some(StatusCode::IDLE_HEARTBEAT) => Ok(()),
            Some(status) => match unfilled(&message) {
                Some(count) => {
                    self.give_up(count);
                    Ok(())
                }
                None => {
                    let why = message.description.unwrap_or_default();
                    Err(format!("the server ends the request: {status} {why}").into())
                }
            },
        }
    }

    async fn deliver(&mut self, mut message: async_nats::Message) -> Result<(), BoxError> {
        let reply = message.reply.take().ok_or("a delivery without a place to settle it")?;
        let (sequence, delivered) = {
            message.reply = Some(reply.clone());
            let context = self.jetstream.context.clone();
            let delivered = async_nats::jetstream::Message { message, context };
            let info = delivered.info()?;
            let found = (info.stream_sequence, u32::try_from(info.delivered).unwrap_or(u32::MAX));
            message = delivered.message;
            found
        };
        let place = self.requested.as_mut().and_then(|requested| requested.split(1));
        let pulled = Pulled { message, reply, sequence, delivered, place };
        hand_out(self.jetstream, self.outlet, pulled).await;
        Ok(())
    }

    /// Frees the places of messages that will not come.
    fn give_up(&mut self, count: usize) {
        let count = count.min(self.outstanding());
        drop(self.requested.as_mut().and_then(|requested| requested.split(count)));
    }
}

/// The number of messages that an ended request still lacked, if the server says it.
fn unfilled(message: &async_nats::Message) -> Option<usize> {
    message.headers.as_ref()?.get("Nats-Pending-Messages")?.as_str().parse().ok()
}
