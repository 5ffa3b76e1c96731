//! The bus on NATS JetStream.

mod connect;
mod follow;
mod hand_out;
mod handle;
mod letters;
mod own;
mod publish;
mod pull;
mod receipt;
mod remove;
mod strikes;
mod topology;

use std::sync::Arc;
use std::time::Duration;

use async_nats::RequestErrorKind;
use async_nats::jetstream::consumer::{self, Consumer as Durable};
use async_nats::jetstream::context::ContextBuilder;
use courant_proto::Schema;
use futures::FutureExt;
use tokio::sync::{Semaphore, watch};
use tracing::Instrument;

use crate::error::{Error, PublishError, RequestError};
use crate::follow::FollowerFeed;
use crate::message::Envelope;
use crate::outlet::Outlet;
use crate::queue_status::{QueueEnds, QueueStatus};
use crate::request::Requests;
use crate::shared::Shared;
use crate::stages::{Stage, Stream};
use crate::subject::Subject;
use crate::wire;

pub(crate) use handle::JetStream;
use handle::{ANSWER, COMPANY, failed, unix_ms};

/// Acknowledgements of publishers under way at a time; more wait.
const MAX_IN_FLIGHT: usize = 4096;

impl JetStream {
    pub(crate) async fn connect(shared: Arc<Shared>) -> Result<Arc<Self>, Error> {
        let (connected, connections) = watch::channel(0);
        let (ended, closed) = watch::channel(false);
        let client = connect::dial(&shared, connected, ended).await?;
        connect::check_version(&client)?;
        // Its report comes after it: later ones mean that messages may have been lost.
        let mut reports = connections.clone();
        let first = reports.wait_for(|count| *count > 0).map(drop);
        let _unreported = tokio::time::timeout(ANSWER, first).await;
        let context = ContextBuilder::new()
            .timeout(ANSWER)
            .ack_timeout(ANSWER)
            .max_ack_inflight(MAX_IN_FLIGHT)
            .backpressure_on_inflight(true)
            .build(client.clone());
        let jetstream = Arc::new(Self {
            shared,
            client,
            context,
            connections,
            closed,
            company: Arc::new(Semaphore::new(COMPANY as usize)),
        });
        jetstream.ensure_topology().await?;
        letters::spawn_expiry(&jetstream);
        Ok(jetstream)
    }

    /// Connects, and checks the version and JetStream. Returns the server's version.
    pub(crate) async fn check_server(shared: &Arc<Shared>) -> Result<String, Error> {
        let (connected, ended) = (watch::channel(0).0, watch::channel(false).0);
        let client = connect::dial(shared, connected, ended).await?;
        connect::check_version(&client)?;
        let context = ContextBuilder::new().timeout(ANSWER).build(client.clone());
        context.query_account().await.map_err(|error| failed("be used", error))?;
        Ok(client.server_info().version)
    }

    pub(crate) async fn consume(self: &Arc<Self>, outlet: Outlet) -> Result<(), Error> {
        let consumer = self.durable(&outlet.consumer).await?;
        self.pull(consumer, outlet);
        Ok(())
    }

    fn pull(self: &Arc<Self>, consumer: Durable<consumer::pull::Config>, outlet: Outlet) {
        let span = tracing::debug_span!("consume", consumer = %outlet.consumer);
        tokio::spawn(pull::run(Arc::clone(self), consumer, outlet).instrument(span));
    }

    pub(crate) fn follow_own(self: &Arc<Self>, feed: FollowerFeed) {
        tokio::spawn(own::run(Arc::clone(self), feed));
    }

    pub(crate) async fn broadcast(
        &self,
        subject: Subject,
        envelope: Envelope,
    ) -> Result<(), PublishError> {
        wire::send(&self.client, self.shared.names.subject(subject).into(), envelope).await
    }

    pub(crate) async fn subscribe(
        &self,
        subject: Subject,
    ) -> Result<async_nats::Subscriber, Error> {
        let name = self.shared.names.subject(subject);
        let subscriber = self.client.subscribe(name.clone()).await;
        let subscriber = subscriber.map_err(|e| failed(format!("listen to {name}"), e))?;
        self.known_to_server(&name).await?;
        Ok(subscriber)
    }

    pub(crate) async fn serve<Q: Schema>(&self, subject: Subject) -> Result<Requests<Q>, Error> {
        let name = self.shared.names.subject(subject);
        let group = self.shared.names.prefix().to_owned();
        let subscriber = self.client.queue_subscribe(name.clone(), group).await;
        let subscriber = subscriber.map_err(|e| failed(format!("serve {name}"), e))?;
        self.known_to_server(&name).await?;
        Ok(Requests::from_nats(subscriber, self.client.clone(), name))
    }

    /// A subscription only counts once the server has it.
    async fn known_to_server(&self, name: &str) -> Result<(), Error> {
        self.client.flush().await.map_err(|e| failed(format!("listen to {name}"), e))
    }

    pub(crate) async fn request(
        &self,
        subject: Subject,
        question: Envelope,
        timeout: Duration,
    ) -> Result<Envelope, RequestError> {
        let request = async_nats::Request::new()
            .headers(wire::header_map(&question.headers))
            .payload(question.payload)
            .timeout(Some(timeout));
        match self.client.send_request(self.shared.names.subject(subject), request).await {
            Ok(reply) => Ok(wire::envelope(reply)),
            Err(error) => Err(match error.kind() {
                RequestErrorKind::NoResponders => RequestError::NoResponder(subject),
                RequestErrorKind::TimedOut => RequestError::Timeout { subject, after: timeout },
                _ => RequestError::Send(PublishError::Unavailable(error.into())),
            }),
        }
    }

    pub(crate) async fn queues(&self) -> Result<Vec<QueueStatus>, Error> {
        let mut queues = Vec::new();
        for stream in self.shared.table.streams().iter().copied() {
            queues.push(self.queue(stream).await?);
        }
        Ok(queues)
    }

    async fn queue(&self, stream: Stream) -> Result<QueueStatus, Error> {
        let name = self.shared.names.stream(stream);
        let handle = self.context.get_stream(&name).await;
        let handle = handle.map_err(|e| failed(format!("look at stream {name}"), e))?;
        let state = &handle.cached_info().state;
        let stages: Vec<Stage> = self.shared.table.stages_of(stream).collect();
        let (mut in_flight, mut redelivered) = (0, 0);
        for stage in &stages {
            let info = handle.consumer_info(stage.consumer()).await;
            let info = info.map_err(|e| failed(format!("look at consumer {stage}"), e))?;
            in_flight += info.num_ack_pending as u64;
            redelivered += info.num_redelivered as u64;
        }
        let first_ms = unix_ms(state.first_timestamp);
        let age_ms =
            u64::try_from(self.shared.clock.unix_ms().saturating_sub(first_ms)).unwrap_or(0);
        let limits = self.shared.config.limits(stream);
        Ok(QueueStatus {
            stages,
            depth: state.messages,
            in_flight,
            redelivered,
            oldest_age: (state.messages > 0).then(|| Duration::from_millis(age_ms)),
            fullness: QueueStatus::fullness_of(limits, state.messages, state.bytes),
            stream: name,
        })
    }

    /// A stream that somebody deleted is made anew, and is past all that it had.
    pub(crate) async fn queue_ends(&self, stream: Stream) -> Result<QueueEnds, Error> {
        let bounds = match self.bounds(stream).await {
            Ok(bounds) => bounds,
            Err(_missing) => {
                Box::pin(self.ensure_topology()).await?;
                self.bounds(stream).await?
            }
        };
        let (first, last) = bounds;
        Ok(QueueEnds { oldest: (first <= last).then_some(first), newest: last })
    }

    /// Sends what is under way, ends the subscriptions, and waits for the end:
    /// `drain` returns before it has done anything.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        let mut closed = self.closed.clone();
        let end = async {
            self.client.flush().await.ok()?;
            self.client.drain().await.ok()?;
            closed.wait_for(|closed| *closed).await.ok().map(|_| ())
        };
        match tokio::time::timeout(ANSWER, end).await {
            Ok(Some(())) => Ok(()),
            Ok(None) | Err(_) => Err(Error::NotClosed(ANSWER)),
        }
    }
}
