//! The handle that agents hold.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use courant_proto::Schema;
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::config::Config;
use crate::consumer::{self, Consumer, Follower};
use crate::dead_letter::DeadLetter;
use crate::embedded::EmbeddedBus;
use crate::embedded::check::SpoolCheck;
use crate::error::{Error, PublishError, RequestError, SpoolError};
use crate::follow::{self, OwnFollower, SharedFollower};
use crate::jetstream::JetStream;
use crate::message::{Envelope, MessageId};
use crate::outlet::{self, Deliveries, Outlet};
use crate::published::PublishAck;
use crate::queue_status::{QueueEnds, QueueStatus};
use crate::request::Requests;
use crate::shared::Shared;
use crate::stages::{Stage, Stream};
use crate::stored::{StoredMessage, Wanted};
use crate::subject::Subject;
use crate::subscription::Subscription;
use crate::system::MessagingSystem;

/// The bus. Clones share one connection, or one spool.
#[derive(Clone)]
pub struct Bus {
    shared: Arc<Shared>,
    back_end: BackEnd,
}

#[derive(Clone)]
enum BackEnd {
    JetStream(Arc<JetStream>),
    Embedded(Arc<EmbeddedBus>),
}

/// The first and the longest wait before a message is offered to a full stream again.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Bus {
    /// Connects to the server at `config.url`, and creates or updates the streams
    /// and consumers there.
    ///
    /// # Errors
    /// [`Error::Config`] and [`Error::Address`] before anything is opened,
    /// [`Error::Unreachable`] if no server answers within 5 s,
    /// [`Error::ServerTooOld`], [`Error::JetStream`] if it is not enabled or refuses.
    pub async fn connect(config: &Config, clock: Clock, meter: &Meter) -> Result<Self, Error> {
        let shared = Shared::new(MessagingSystem::Nats, config, clock, meter)?;
        let jetstream = Box::pin(JetStream::connect(Arc::clone(&shared))).await?;
        Ok(Self { shared, back_end: BackEnd::JetStream(jetstream) })
    }

    /// Checks that the server at `config.url` can be used. Creates nothing there. Returns its
    /// version.
    ///
    /// # Errors
    /// Those of [`Self::connect`].
    pub async fn check_server(
        config: &Config,
        clock: Clock,
        meter: &Meter,
    ) -> Result<String, Error> {
        let shared = Shared::new(MessagingSystem::Nats, config, clock, meter)?;
        Box::pin(JetStream::check_server(&shared)).await
    }

    /// Opens the in-process bus on the spool file `spool`, created where it is missing.
    /// Messages that were unsettled at a crash are delivered again.
    ///
    /// # Errors
    /// [`Error::Config`], or [`Error::Spool`] if the file cannot be opened, is
    /// damaged, or is open elsewhere.
    pub fn embedded(
        config: &Config,
        spool: &Path,
        clock: Clock,
        meter: &Meter,
    ) -> Result<Self, Error> {
        let shared = Shared::new(MessagingSystem::Courant, config, clock, meter)?;
        let embedded = EmbeddedBus::open(Arc::clone(&shared), spool)?;
        Ok(Self { shared, back_end: BackEnd::Embedded(Arc::new(embedded)) })
    }

    /// Completes when the bus cannot hand out its messages, for example because the disk is
    /// full. Nothing is lost, and the bus continues by itself once there is room. This method
    /// is for callers that cannot wait for that. It never completes on a NATS server: the bus
    /// waits until the server is back.
    pub async fn stuck(&self) -> SpoolError {
        match &self.back_end {
            BackEnd::JetStream(_) => std::future::pending().await,
            BackEnd::Embedded(embedded) => embedded.stuck().await,
        }
    }

    /// Declares the subjects that this process publishes. Their counters start at zero, so that
    /// a failure of the first message shows as an increase.
    pub fn publishes(&self, subjects: &[Subject]) {
        self.shared.metrics.publishes(subjects);
    }

    /// Publishes a message, or fails at once.
    ///
    /// # Errors
    /// [`PublishError::Full`] if the stream is full: nothing was stored.
    /// [`PublishError::Unavailable`] if the server does not acknowledge in time: the message
    /// may be stored, and publishing it again with the same id is safe.
    pub async fn offer<M: Schema>(
        &self,
        subject: Subject,
        id: &MessageId,
        message: &M,
    ) -> Result<PublishAck, PublishError> {
        self.send(subject, id, message, false).await
    }

    /// Publishes a message. Waits for room while the stream is full, and for the server up to
    /// `publish_patience_s`. A delivery that is being handled reports progress meanwhile, so it
    /// is not delivered again. Drop the future to give up.
    ///
    /// # Errors
    /// As [`Self::offer`], except [`PublishError::Full`]; [`PublishError::Closed`] if
    /// the bus is closed while it waits.
    pub async fn publish<M: Schema>(
        &self,
        subject: Subject,
        id: &MessageId,
        message: &M,
    ) -> Result<PublishAck, PublishError> {
        self.send(subject, id, message, true).await
    }

    async fn send<M: Schema>(
        &self,
        subject: Subject,
        id: &MessageId,
        message: &M,
        patient: bool,
    ) -> Result<PublishAck, PublishError> {
        let result = match Envelope::seal(Some(id), message) {
            Ok(envelope) if patient => self.store_patiently(subject, &envelope).await,
            Ok(envelope) => self.store(subject, &envelope).await,
            Err(error) => Err(error),
        };
        self.shared.metrics.published(subject, &result);
        result
    }

    async fn store_patiently(
        &self,
        subject: Subject,
        envelope: &Envelope,
    ) -> Result<PublishAck, PublishError> {
        let start = Instant::now();
        let patience = self.shared.config.publish_patience();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.store(subject, envelope).await {
                Err(PublishError::Full(_)) => {}
                Err(PublishError::Unavailable(_)) if start.elapsed() < patience => {}
                result => return result,
            }
            tokio::select! {
                () = self.shared.closing.cancelled() => return Err(PublishError::Closed),
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    }

    async fn store(
        &self,
        subject: Subject,
        envelope: &Envelope,
    ) -> Result<PublishAck, PublishError> {
        if self.shared.closing.is_cancelled() {
            return Err(PublishError::Closed);
        }
        let stream = self.stream_of(subject).filter(|_| !subject.is_pattern());
        let stream = stream.ok_or(PublishError::WrongSubject(subject))?;
        match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.publish(subject, stream, envelope).await,
            BackEnd::Embedded(embedded) => embedded.publish(subject, stream, envelope).await,
        }
    }

    /// Consumes the work queue of `stage`. At most `2 * concurrency` deliveries are unsettled
    /// at a time in this process, including those that wait in the result. `concurrency` is at
    /// most 2000. Consuming continues after a restart of the server or the loss of the
    /// consumer.
    ///
    /// # Errors
    /// [`Error::JetStream`] if the consumer can be neither found nor created,
    /// [`Error::UnknownStage`] if the table of this bus has no such row.
    pub async fn consume(&self, stage: Stage, concurrency: usize) -> Result<Deliveries, Error> {
        self.shared.check(stage)?;
        let (outlet, deliveries) = self.outlet(Consumer::Stage(stage), concurrency);
        match &self.back_end {
            BackEnd::JetStream(jetstream) => Box::pin(jetstream.consume(outlet)).await?,
            BackEnd::Embedded(embedded) => embedded.consume(stage, outlet),
        }
        Ok(deliveries)
    }

    fn outlet(&self, consumer: Consumer, concurrency: usize) -> (Outlet, Deliveries) {
        self.shared.metrics.consumes(&consumer);
        outlet::channel(Arc::clone(&self.shared), consumer, concurrency)
    }

    /// Follows `subjects`, which are all events or all dead letters, together with every other
    /// process that follows them under `name`. Each message is delivered to one of these
    /// processes, at least once and in no fixed order. At most `2 * concurrency` deliveries are
    /// unsettled at a time. The bus remembers under `name` which messages were settled, across
    /// restarts. A new name starts with the oldest kept message. A name that nobody uses for 8
    /// days is forgotten.
    ///
    /// # Errors
    /// [`Error::Follower`], [`Error::NoSubject`] or [`Error::WrongSubject`] before
    /// anything is done; [`Error::JetStream`] if the consumer cannot be created.
    pub async fn follow_shared(
        &self,
        name: &str,
        subjects: &[Subject],
        concurrency: usize,
    ) -> Result<SharedFollower, Error> {
        let follower = Arc::new(Follower::new(name, subjects, &self.shared.table)?);
        let (outlet, deliveries) =
            self.outlet(Consumer::Follower(Arc::clone(&follower)), concurrency);
        let (gaps, told) = mpsc::channel(1);
        match &self.back_end {
            BackEnd::JetStream(jetstream) => {
                Box::pin(jetstream.follow(follower, outlet, gaps)).await?;
            }
            BackEnd::Embedded(embedded) => embedded.follow(follower, outlet, gaps),
        }
        Ok(SharedFollower::new(deliveries, told))
    }

    /// Follows `subjects`, which are all events or all dead letters, in the order of their
    /// stream. `after` is the [`crate::Event::position`] of the last event that the follower
    /// has handled. `None` starts with the oldest kept event.
    ///
    /// # Errors
    /// [`Error::NoSubject`] or [`Error::WrongSubject`].
    pub fn follow_own(
        &self,
        subjects: &[Subject],
        after: Option<u64>,
    ) -> Result<OwnFollower, Error> {
        let stream = consumer::kept_by(subjects, &self.shared.table)?;
        let (feed, follower) =
            follow::own(Arc::clone(&self.shared), stream, subjects.to_vec(), after);
        match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.follow_own(feed),
            BackEnd::Embedded(embedded) => embedded.follow_own(feed),
        }
        Ok(follower)
    }

    /// Returns the time for which messages of `subject` are kept, if they are kept for a time.
    pub fn max_age(&self, subject: Subject) -> Option<Duration> {
        self.shared.config.max_age(self.stream_of(subject)?)
    }

    /// Sends a message to everyone who listens now. Nothing is stored.
    ///
    /// # Errors
    /// [`PublishError::WrongSubject`] where a stream stores the subject.
    pub async fn broadcast<M: Schema>(
        &self,
        subject: Subject,
        message: &M,
    ) -> Result<(), PublishError> {
        if self.stream_of(subject).is_some() {
            return Err(PublishError::WrongSubject(subject));
        }
        let envelope = Envelope::seal(None, message)?;
        match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.broadcast(subject, envelope).await,
            BackEnd::Embedded(embedded) => {
                embedded.broadcast(subject, &envelope);
                Ok(())
            }
        }
    }

    /// Subscribes to broadcasts, or to events as they are published. Messages that a slow
    /// subscriber does not take are dropped and counted.
    ///
    /// # Errors
    /// [`Error::JetStream`] if the connection is closed.
    pub async fn subscribe<M: Schema>(&self, subject: Subject) -> Result<Subscription<M>, Error> {
        match &self.back_end {
            BackEnd::JetStream(jetstream) => {
                Ok(Subscription::from_nats(jetstream.subscribe(subject).await?))
            }
            BackEnd::Embedded(embedded) => Ok(Subscription::from_memory(
                embedded.subscribe(subject),
                self.shared.metrics.clone(),
            )),
        }
    }

    /// Sends a request to one of the servers of `subject`, and waits for the reply.
    ///
    /// # Errors
    /// [`RequestError::NoResponder`] at once where nobody serves it,
    /// [`RequestError::Timeout`] after `timeout`.
    pub async fn request<Q: Schema, R: Schema>(
        &self,
        subject: Subject,
        question: &Q,
        timeout: Duration,
    ) -> Result<R, RequestError> {
        if self.stream_of(subject).is_some() {
            return Err(RequestError::Send(PublishError::WrongSubject(subject)));
        }
        let envelope = Envelope::seal(None, question).map_err(RequestError::Send)?;
        let envelope = envelope.awaited_for(timeout);
        let reply = match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.request(subject, envelope, timeout).await,
            BackEnd::Embedded(embedded) => embedded.request(subject, envelope, timeout).await,
        };
        Ok(reply?.open()?)
    }

    /// Serves requests on `subject`. Each request goes to one of its servers.
    ///
    /// # Errors
    /// [`Error::WrongSubject`] where a stream stores the subject,
    /// [`Error::JetStream`] if the connection is closed.
    pub async fn serve<Q: Schema>(&self, subject: Subject) -> Result<Requests<Q>, Error> {
        if self.stream_of(subject).is_some() {
            return Err(Error::WrongSubject(subject));
        }
        match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.serve(subject).await,
            BackEnd::Embedded(embedded) => {
                let name = self.shared.names.subject(subject);
                Ok(Requests::from_memory(embedded.serve(subject), name))
            }
        }
    }

    /// Checks that the disk of the embedded bus has room for a message. A NATS server checks
    /// its own disk.
    ///
    /// # Errors
    /// [`Error::Spool`] with the reason.
    pub async fn check_room(&self) -> Result<(), Error> {
        match &self.back_end {
            BackEnd::JetStream(_) => Ok(()),
            BackEnd::Embedded(embedded) => Ok(embedded.check_room().await?),
        }
    }

    /// Checks every page of the spool. Messages wait meanwhile. `None` on a server.
    ///
    /// # Errors
    /// [`Error::Spool`].
    pub async fn check_spool(&self) -> Result<Option<SpoolCheck>, Error> {
        match &self.back_end {
            BackEnd::JetStream(_) => Ok(None),
            BackEnd::Embedded(embedded) => Ok(Some(embedded.check().await?)),
        }
    }

    /// Returns one flag per article and revision: true if a work queue holds a message of it.
    /// `None` on a server, because only consumers can read its queues.
    ///
    /// # Errors
    /// [`Error::Spool`].
    pub async fn holds(
        &self,
        articles: impl Iterator<Item = (impl fmt::Display, impl fmt::Display)>,
    ) -> Result<Option<Vec<bool>>, Error> {
        let BackEnd::Embedded(embedded) = &self.back_end else { return Ok(None) };
        let prefixes = articles.map(|(id, revision)| format!("{id}:{revision}")).collect();
        Ok(Some(embedded.holds(prefixes).await?))
    }

    /// Returns the oldest and newest message numbers of the queue that `stage` consumes.
    ///
    /// # Errors
    /// [`Error::JetStream`] or [`Error::Spool`].
    pub async fn queue_ends(&self, stage: Stage) -> Result<QueueEnds, Error> {
        match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.queue_ends(stage.stream()).await,
            BackEnd::Embedded(embedded) => Ok(embedded.queue_ends(stage.stream()).await?),
        }
    }

    /// Returns the position of the newest event, as [`Self::follow_own`] takes it; 0 if there was
    /// none.
    ///
    /// # Errors
    /// [`Error::JetStream`] or [`Error::Spool`].
    pub async fn last_event(&self) -> Result<u64, Error> {
        let ends = match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.queue_ends(Stream::EVENTS).await?,
            BackEnd::Embedded(embedded) => embedded.queue_ends(Stream::EVENTS).await?,
        };
        Ok(ends.newest)
    }

    /// Removes the wanted messages of every stream: those that wait, events, and dead letters.
    /// Returns their number. A message that a worker has got stays with the worker.
    ///
    /// # Errors
    /// [`Error::JetStream`] or [`Error::Spool`]; the same call goes on.
    pub async fn remove(
        &self,
        wanted: impl Fn(&StoredMessage<'_>) -> bool + Send + Sync + 'static,
    ) -> Result<u64, Error> {
        match &self.back_end {
            BackEnd::JetStream(jetstream) => Box::pin(jetstream.remove(&wanted)).await,
            BackEnd::Embedded(embedded) => {
                let wanted: Arc<Wanted<'static>> = Arc::new(wanted);
                embedded.remove(&wanted).await
            }
        }
    }

    /// Writes the file of the embedded bus anew, so that nothing is left in it of messages that were
    /// removed or settled. Messages wait meanwhile. A NATS server has files of its own: it
    /// overwrites what [`Self::remove`] removes.
    ///
    /// # Errors
    /// [`Error::Spool`], for example if the disk has no room for a second file.
    pub async fn overwrite_removed(&self) -> Result<(), Error> {
        match &self.back_end {
            BackEnd::JetStream(_) => Ok(()),
            BackEnd::Embedded(embedded) => embedded.rewrite().await,
        }
    }

    /// Returns the state of every stream, the work queues first. Also sets the gauges.
    ///
    /// # Errors
    /// [`Error::JetStream`] or [`Error::Spool`]; never zeros instead.
    pub async fn queues(&self) -> Result<Vec<QueueStatus>, Error> {
        let queues = match &self.back_end {
            BackEnd::JetStream(jetstream) => Box::pin(jetstream.queues()).await?,
            BackEnd::Embedded(embedded) => embedded.queues().await?,
        };
        self.shared.metrics.queues(&queues);
        Ok(queues)
    }

    /// The newest dead letters, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::JetStream`] or [`Error::Spool`].
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        match &self.back_end {
            BackEnd::JetStream(jetstream) => Box::pin(jetstream.dead_letters(limit)).await,
            BackEnd::Embedded(embedded) => embedded.dead_letters(limit).await,
        }
    }

    /// The dead letter with this number; `None` if there is none.
    ///
    /// # Errors
    /// As [`Self::dead_letters`].
    pub async fn dead_letter(&self, sequence: u64) -> Result<Option<DeadLetter>, Error> {
        match &self.back_end {
            BackEnd::JetStream(jetstream) => Box::pin(jetstream.dead_letter(sequence)).await,
            BackEnd::Embedded(embedded) => embedded.dead_letter(sequence).await,
        }
    }

    /// Publishes the message of a dead letter again under a new id (`:replay-n`), then removes
    /// the letter. `None` if there is no such letter.
    ///
    /// # Errors
    /// [`Error::Replay`], for example if the queue is full: the letter stays.
    pub async fn replay(&self, sequence: u64) -> Result<Option<PublishAck>, Error> {
        let Some(letter) = self.dead_letter(sequence).await? else {
            return Ok(None);
        };
        let subject = letter.subject.ok_or(Error::NotReplayable(sequence))?;
        let published = self.store(subject, &letter.into_replay()).await?;
        self.forget(sequence).await?;
        Ok(Some(published))
    }

    /// Removes a dead letter for good. Returns false if there is no such letter.
    ///
    /// # Errors
    /// As [`Self::dead_letters`].
    pub async fn drop_dead_letter(&self, sequence: u64) -> Result<bool, Error> {
        if self.dead_letter(sequence).await?.is_none() {
            return Ok(false);
        }
        self.forget(sequence).await?;
        Ok(true)
    }

    async fn forget(&self, sequence: u64) -> Result<(), Error> {
        match &self.back_end {
            BackEnd::JetStream(jetstream) => Box::pin(jetstream.forget_dead_letter(sequence)).await,
            BackEnd::Embedded(embedded) => embedded.forget_dead_letter(sequence).await,
        }
    }

    fn stream_of(&self, subject: Subject) -> Option<Stream> {
        self.shared.table.stream_of(subject)
    }

    /// Ends every consumer and subscription, sends the pending messages, and closes the
    /// connection or the spool. All clones are closed too.
    ///
    /// # Errors
    /// [`Error::NotClosed`] after 5 s: pending messages may be delivered again.
    pub async fn close(self) -> Result<(), Error> {
        self.shared.closing.cancel();
        match &self.back_end {
            BackEnd::JetStream(jetstream) => jetstream.close().await,
            BackEnd::Embedded(embedded) => embedded.close().await,
        }
    }
}
