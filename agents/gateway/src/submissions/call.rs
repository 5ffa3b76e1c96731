//! One call: entries are taken in while their decisions are told.

use std::collections::HashMap;
use std::time::Duration;

use courant_article::{ContentHash, Entry};
use courant_bus::{MessageId, PublishError, Subject, Subscription};
use courant_proto::v1;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered, StreamExt};
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Status;

use crate::api::Api;
use crate::error::ApiError;
use crate::pressure::IntakeStatus;

/// Entries of one call that wait for their decisions.
const MAX_WAITING: usize = 256;

/// Entries of one call that are on their way to the queue. Each waits for the disk, and the bus
/// writes those together that come together.
const MAX_PUBLISHING: usize = 64;

/// The longest wait for one decision. None comes on an entry that became a dead letter.
const PATIENCE: Duration = Duration::from_secs(300);

/// Entries with their numbers, or faults in their place.
pub(super) type Entries<F> = BoxStream<'static, Result<(u64, v1::Entry), F>>;

/// The next thing that a client is told.
pub(super) enum Told<F> {
    /// The decision on the entry with this number.
    Decided(u64, v1::EntryDecided),
    Fault(F),
}

/// The submission's id, and its decision if it was made before.
type Published = (String, Result<Option<v1::EntryDecided>, Status>);

/// An entry without a decision.
struct Waiting {
    number: u64,
    since: Instant,
}

/// One call. It works while its client asks for decisions, and so no faster than the client.
pub(super) struct Call<F> {
    api: Api,
    /// `None` after the last entry.
    entries: Option<Entries<F>>,
    decisions: Subscription<v1::EntryDecided>,
    standing: watch::Receiver<IntakeStatus>,
    /// By the ids of the submissions.
    waiting: HashMap<String, Waiting>,
    publishing: FuturesUnordered<BoxFuture<'static, Published>>,
}

impl<F> Call<F> {
    pub(super) async fn new(api: &Api, entries: Entries<F>) -> Result<Self, courant_bus::Error> {
        Ok(Self {
            api: api.clone(),
            entries: Some(entries),
            decisions: api.bus.subscribe(Subject::ENTRY_DECIDED).await?,
            standing: api.standing.clone(),
            waiting: HashMap::new(),
            publishing: FuturesUnordered::new(),
        })
    }

    /// Takes entries in until one of them is decided, or has a fault. `None` after the decision on
    /// the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Told<F>>, Status> {
        while self.entries.is_some() || !self.waiting.is_empty() {
            self.waiting.retain(|_, waiting| waiting.since.elapsed() < PATIENCE);
            let may_take = self.entries.is_some()
                && self.waiting.len() < MAX_WAITING
                && self.publishing.len() < MAX_PUBLISHING;
            let takes_more = may_take
                && match self.api.check_room() {
                    Ok(()) => true,
                    Err(ApiError::Busy { .. }) => false,
                    // The decisions on what is in the queue come first.
                    Err(_) if !self.waiting.is_empty() => false,
                    Err(obstacle) => return Err(unavailable(obstacle)),
                };
            let entry = async {
                match &mut self.entries {
                    Some(entries) if takes_more => entries.next().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                decided = self.decisions.next() => {
                    let decided = decided.ok_or_else(|| Status::unavailable("the bus is closed"))?;
                    if let Some(waiting) = self.waiting.remove(&decided.submission_id) {
                        return Ok(Some(Told::Decided(waiting.number, decided)));
                    }
                }
                Some((id, published)) = self.publishing.next() => {
                    if let Some(decided) = published?
                        && let Some(waiting) = self.waiting.remove(&id)
                    {
                        return Ok(Some(Told::Decided(waiting.number, decided)));
                    }
                }
                entry = entry => match entry {
                    Some(Ok((number, entry))) => self.take(number, entry)?,
                    Some(Err(fault)) => return Ok(Some(Told::Fault(fault))),
                    None => self.entries = None,
                },
                // Another level, or an obstacle: a closed channel is a gateway that ends.
                changed = self.standing.changed() => changed.map_err(unavailable)?,
            }
        }
        Ok(None)
    }

    /// Begins to put an entry into the queue.
    fn take(&mut self, number: u64, message: v1::Entry) -> Result<(), Status> {
        let entry = Entry::try_from(message.clone()).map_err(|error| {
            Status::invalid_argument(format!("submission {:?}: {error}", message.submission_id))
        })?;
        // The decision may fall before the bus confirms the entry.
        let waiting = Waiting { number, since: Instant::now() };
        self.waiting.insert(message.submission_id.clone(), waiting);
        let api = self.api.clone();
        self.publishing.push(Box::pin(async move {
            let published = publish(&api, &entry, &message).await;
            (message.submission_id, published)
        }));
        Ok(())
    }
}

/// Puts an entry into the queue. Returns its decision if it was made before.
async fn publish(
    api: &Api,
    entry: &Entry,
    message: &v1::Entry,
) -> Result<Option<v1::EntryDecided>, Status> {
    let id = message_id(entry);
    let published = api.bus.publish(Subject::ENTRY_SUBMITTED, &id, message).await;
    let published = published.map_err(|error| match error {
        PublishError::TooLarge { .. } => Status::invalid_argument(error.to_string()),
        error => unavailable(error),
    })?;
    match published.duplicate {
        true => api.decided_before(entry).await.map_err(unavailable),
        false => Ok(None),
    }
}

/// The bus swallows an entry that is sent again within a while.
fn message_id(entry: &Entry) -> MessageId {
    let said = format!("{}\n{}\n{}", entry.url, entry.title, entry.text.as_str());
    let said = ContentHash::of_normalized(&said);
    MessageId::new(format!("{}:{said}:{}:submitted", entry.submission_id, entry.observed_at))
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}
