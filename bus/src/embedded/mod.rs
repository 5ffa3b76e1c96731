//! The bus in one process. What a stream stores lies in the spool; what only
//! passes, and requests, go through memory.

pub(crate) mod check;
mod consume;
mod exchange;
mod follow;
mod handle;
mod spool;
mod tables;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};

use self::check::SpoolCheck;
use crate::consumer::Follower;
use crate::dead_letter::DeadLetter;
use crate::error::{Error, PublishError, RequestError, SpoolError};
use crate::follow::{FollowerFeed, Missed};
use crate::message::Envelope;
use crate::outlet::Outlet;
use crate::published::PublishAck;
use crate::queue_status::{QueueEnds, QueueStatus};
use crate::request::PendingRequest;
use crate::stages::{Stage, Stream};
use crate::stored::Wanted;
use crate::subject::Subject;

pub(crate) use handle::EmbeddedBus;
use tables::Tables;

/// The longest time that the spool may take to end.
const END: Duration = Duration::from_secs(5);

impl EmbeddedBus {
    pub(crate) async fn publish(
        &self,
        subject: Subject,
        stream: Stream,
        envelope: &Envelope,
    ) -> Result<PublishAck, PublishError> {
        let message = envelope.clone();
        let stored =
            self.spool.run(move |tables| tables.publish(subject, stream, &message)).await?;
        let published = stored.ok_or(PublishError::Full(subject))?;
        if !published.duplicate {
            self.exchange.pass(subject, envelope);
        }
        Ok(published)
    }

    pub(crate) fn consume(self: &Arc<Self>, stage: Stage, outlet: Outlet) {
        let source = consume::SpoolSource::Work(stage);
        tokio::spawn(consume::run(Arc::clone(self), outlet, source));
    }

    pub(crate) fn follow(
        self: &Arc<Self>,
        follower: Arc<Follower>,
        outlet: Outlet,
        gaps: mpsc::Sender<Missed>,
    ) {
        let source =
            consume::SpoolSource::Kept(follow::FollowerSource { follower, gaps, told: None });
        tokio::spawn(consume::run(Arc::clone(self), outlet, source));
    }

    pub(crate) fn follow_own(self: &Arc<Self>, feed: FollowerFeed) {
        tokio::spawn(follow::run_own(Arc::clone(self), feed));
    }

    pub(crate) fn broadcast(&self, subject: Subject, envelope: &Envelope) {
        self.exchange.pass(subject, envelope);
    }

    pub(crate) fn subscribe(&self, subject: Subject) -> broadcast::Receiver<Envelope> {
        self.exchange.listen(subject)
    }

    pub(crate) fn serve(&self, subject: Subject) -> mpsc::Receiver<PendingRequest> {
        self.exchange.serve(subject)
    }

    pub(crate) async fn request(
        &self,
        subject: Subject,
        question: Envelope,
        timeout: Duration,
    ) -> Result<Envelope, RequestError> {
        let answer = self.exchange.ask(subject, question);
        let late = |_| RequestError::Timeout { subject, after: timeout };
        tokio::time::timeout(timeout, answer).await.map_err(late)?
    }

    pub(crate) async fn queues(&self) -> Result<Vec<QueueStatus>, SpoolError> {
        self.spool.run(Tables::queues).await
    }

    pub(crate) async fn queue_ends(&self, stream: Stream) -> Result<QueueEnds, SpoolError> {
        self.spool.run(move |tables| tables.ends(stream)).await
    }

    /// Fails where nothing can be published now.
    pub(crate) async fn check_room(&self) -> Result<(), SpoolError> {
        self.spool.run(|tables| Ok(tables.check_room())).await?
    }

    pub(crate) async fn check(&self) -> Result<SpoolCheck, SpoolError> {
        let look = |tables: &mut Tables| {
            let (file, path) = tables.opened();
            Ok(check::check(file, path))
        };
        self.spool.run(look).await
    }

    pub(crate) async fn holds(&self, prefixes: Vec<String>) -> Result<Vec<bool>, SpoolError> {
        self.spool.run(move |tables| tables.holds(&prefixes)).await
    }

    /// Removes the wanted messages, and returns their number.
    pub(crate) async fn remove(&self, wanted: &Arc<Wanted<'static>>) -> Result<u64, Error> {
        let (mut removed, mut after) = (0, 0);
        loop {
            let wanted = Arc::clone(wanted);
            let (some, last) = self.spool.run(move |tables| tables.remove(after, &*wanted)).await?;
            removed += some;
            let Some(last) = last else { return Ok(removed) };
            after = last;
        }
    }

    /// Writes the spool anew, without what is left of removed messages.
    pub(crate) async fn rewrite(&self) -> Result<(), Error> {
        Ok(self.spool.rewrite().await?)
    }

    pub(crate) async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error> {
        Ok(self.spool.run(move |tables| tables.dead_letters(limit)).await?)
    }

    pub(crate) async fn dead_letter(&self, sequence: u64) -> Result<Option<DeadLetter>, Error> {
        Ok(self.spool.run(move |tables| tables.dead_letter(sequence)).await?)
    }

    pub(crate) async fn forget_dead_letter(&self, sequence: u64) -> Result<(), Error> {
        Ok(self.spool.run(move |tables| tables.forget_dead_letter(sequence)).await?)
    }

    /// Does what was asked before, then closes the file.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.exchange.close();
        match tokio::time::timeout(END, self.spool.close()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::NotClosed(END)),
        }
    }
}
