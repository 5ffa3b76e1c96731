//! One call: entries are taken in while their decisions are told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use courant_article::{ContentHash, Entry};
use courant_bus::{MessageId, Subject, Subscription};
use courant_door::pressure::IntakeStatus;
use courant_proto::v1;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::api::Api;
use crate::error::ApiError;

/// Entries of one call that are not told of yet.
const MAX_OPEN: usize = 1024;

/// Entries of one call that are on their way to the queue. Each waits for the disk, and the bus
/// writes those together that come together.
const MAX_PUBLISHING: usize = 256;

/// The longest wait for one decision. None comes on an entry that became a dead letter.
const PATIENCE: Duration = Duration::from_secs(300);
/// The time between two looks for entries that waited too long.
const LOOK: Duration = Duration::from_secs(1);

/// Entries with their numbers, or faults in their place.
pub(super) type Entries<F> = BoxStream<'static, Result<(u64, Entry), F>>;

/// The next thing that a client is told.
pub(super) enum Told<F> {
    /// The decision on the entry with this number.
    Decided(u64, v1::EntryDecided),
    Fault(F),
}

/// The submission's id, and its decision if it was made before.
type Published = (String, Result<Option<v1::EntryDecided>, ApiError>);

/// An entry without a decision.
struct Waiting {
    number: u64,
    since: Instant,
}

/// The entries without decisions, by the ids of the submissions.
#[derive(Clone, Default)]
struct WaitingEntries(Arc<Mutex<HashMap<String, Waiting>>>);

impl WaitingEntries {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of the entry with this decision, which waits no longer.
    fn decided(&self, submission_id: &str) -> Option<u64> {
        self.lock().remove(submission_id).map(|waiting| waiting.number)
    }
}

/// One call. It works while its client asks for decisions, and so no faster than the client.
pub(super) struct Call<F> {
    api: Api,
    /// `None` after the last entry.
    entries: Option<Entries<F>>,
    standing: watch::Receiver<IntakeStatus>,
    waiting: WaitingEntries,
    /// Entries that were taken and not told of.
    open: usize,
    /// The decisions on entries that waited for them.
    decided: mpsc::Receiver<(u64, v1::EntryDecided)>,
    publishing: FuturesUnordered<BoxFuture<'static, Published>>,
    looked_at: Instant,
    _listening: AbortOnDropHandle<()>,
}

impl<F> Call<F> {
    pub(super) async fn new(api: &Api, entries: Entries<F>) -> Result<Self, ApiError> {
        let decisions = api.bus.subscribe(Subject::ENTRY_DECIDED).await?;
        let waiting = WaitingEntries::default();
        let (teller, decided) = mpsc::channel(MAX_OPEN);
        let listening = tokio::spawn(listen(decisions, waiting.clone(), teller));
        Ok(Self {
            api: api.clone(),
            entries: Some(entries),
            standing: api.standing.clone(),
            waiting,
            open: 0,
            decided,
            publishing: FuturesUnordered::new(),
            looked_at: Instant::now(),
            _listening: AbortOnDropHandle::new(listening),
        })
    }

    /// Takes entries in until one of them is decided, or has a fault. `None` after the decision on
    /// the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Told<F>>, ApiError> {
        while self.entries.is_some() || self.open > 0 {
            self.give_up_old_ones();
            let takes_more = self.takes_more()?;
            let entry = async {
                match &mut self.entries {
                    Some(entries) if takes_more => entries.next().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                decided = self.decided.recv() => {
                    let (number, decided) = decided.ok_or_else(closed)?;
                    self.open -= 1;
                    return Ok(Some(Told::Decided(number, decided)));
                }
                Some((id, published)) = self.publishing.next() => {
                    if let Some(decided) = published?
                        && let Some(number) = self.waiting.decided(&id)
                    {
                        self.open -= 1;
                        return Ok(Some(Told::Decided(number, decided)));
                    }
                }
                entry = entry => match entry {
                    Some(Ok((number, entry))) => self.take(number, entry),
                    Some(Err(fault)) => return Ok(Some(Told::Fault(fault))),
                    None => self.entries = None,
                },
                // Another level, or an obstacle: a closed channel is a gateway that ends.
                changed = self.standing.changed() => changed.map_err(|_| closed())?,
                () = tokio::time::sleep_until(self.looked_at + LOOK) => {}
            }
        }
        Ok(None)
    }

    fn takes_more(&self) -> Result<bool, ApiError> {
        let may_take = self.entries.is_some()
            && self.open < MAX_OPEN
            && self.publishing.len() < MAX_PUBLISHING;
        match self.api.check_room() {
            _ if !may_take => Ok(false),
            Ok(()) => Ok(true),
            Err(ApiError::Busy { .. }) => Ok(false),
            // The decisions on what is in the queue come first.
            Err(_) if self.open > 0 => Ok(false),
            Err(obstacle) => Err(obstacle),
        }
    }

    /// Waits no longer for entries that waited too long.
    fn give_up_old_ones(&mut self) {
        if self.looked_at.elapsed() < LOOK {
            return;
        }
        self.looked_at = Instant::now();
        let mut waiting = self.waiting.lock();
        let before = waiting.len();
        waiting.retain(|_, waiting| waiting.since.elapsed() < PATIENCE);
        self.open -= before - waiting.len();
    }

    /// Begins to put an entry into the queue.
    fn take(&mut self, number: u64, entry: Entry) {
        let id = entry.submission_id.clone();
        // The decision may fall before the bus confirms the entry.
        let waiting = Waiting { number, since: Instant::now() };
        // Two with one id get one decision.
        if self.waiting.lock().insert(id.clone(), waiting).is_none() {
            self.open += 1;
        }
        let api = self.api.clone();
        self.publishing.push(Box::pin(async move { (id, publish(&api, entry).await) }));
    }
}

/// Passes on the decisions on the entries that wait, also while the client reads none: a listener
/// that is late loses the oldest.
async fn listen(
    mut decisions: Subscription<v1::EntryDecided>,
    waiting: WaitingEntries,
    teller: mpsc::Sender<(u64, v1::EntryDecided)>,
) {
    while let Some(decided) = decisions.next().await {
        if let Some(number) = waiting.decided(&decided.submission_id)
            && teller.send((number, decided)).await.is_err()
        {
            return;
        }
    }
}

/// Puts an entry into the queue. Returns its decision if it was made before.
async fn publish(api: &Api, entry: Entry) -> Result<Option<v1::EntryDecided>, ApiError> {
    let id = message_id(&entry);
    let message = v1::Entry::from(entry.clone());
    match api.bus.publish(Subject::ENTRY_SUBMITTED, &id, &message).await?.duplicate {
        true => api.decided_before(&entry).await,
        false => Ok(None),
    }
}

/// The bus swallows an entry that is sent again within a while.
fn message_id(entry: &Entry) -> MessageId {
    let said = format!("{}\n{}\n{}", entry.url, entry.title, entry.text.as_str());
    let said = ContentHash::of_normalized(&said);
    MessageId::new(format!("{}:{said}:{}:submitted", entry.submission_id, entry.observed_at))
}

fn closed() -> ApiError {
    ApiError::Bus("the gateway ends".into())
}
