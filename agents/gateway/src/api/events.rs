//! Events as they happen, for clients that listen. Each client has a place of its own in the stream
//! of the bus, so that a slow one delays nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use courant_article::ArticleId;
use courant_bus::{Event, Failure, FollowedItem, Gap, OwnFollower, Subject};
use courant_proto::v1;
use courant_query::Query;
use futures::stream::{BoxStream, StreamExt, unfold};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

use super::Api;
use crate::error::{ApiError, RETRY_AFTER};

/// Events that wait for a client.
const AHEAD: usize = 256;
/// The time in which a client must take one of them.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest wait for the index before an article is compared with a query.
const INDEXING: Duration = Duration::from_secs(1);

/// An item of the stream of events.
pub(crate) enum Told {
    /// The event at this position: an article was stored.
    Stored(u64, v1::ArticleStored),
    /// The event at this position: an article was deleted.
    Deleted(u64, v1::ArticleDeleted),
    /// The event at this position: an entry was decided on.
    Decided(u64, v1::EntryDecided),
    /// Events that are no longer kept were missed.
    Gap(Gap),
    /// The stream ends, since its client reads too slowly.
    Cut(ApiError),
}

/// The events that a client asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventRequest {
    /// The names of the kinds, with commas between; all if absent.
    pub(crate) types: Option<String>,
    /// The query that stored articles must fulfil.
    pub(crate) query: Option<String>,
    /// The position of the last event that the client has; now if absent.
    pub(crate) after: Option<u64>,
}

impl Api {
    /// Tells the events behind a position, until `closing`, or until the client reads too slowly.
    pub(crate) async fn events(
        &self,
        request: EventRequest,
        closing: CancellationToken,
    ) -> Result<BoxStream<'static, Told>, ApiError> {
        let query = request.query.as_deref().filter(|query| !query.trim().is_empty());
        let query = query.map(|query| Query::parse(query, self.clock.now())).transpose()?;
        let subjects = subjects(request.types.as_deref(), query.is_some())?;
        let place = Arc::clone(&self.listeners).try_acquire_owned().map_err(|_| {
            let reason = "too many clients listen to events".to_owned();
            ApiError::Busy { reason, after: RETRY_AFTER }
        })?;
        let after = match request.after {
            Some(after) => after,
            None => self.bus.last_event().await?,
        };
        let events = self.bus.follow_own(&subjects, Some(after))?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let is_slow = Arc::new(AtomicBool::new(false));
        let teller = Teller { api: self.clone(), query, sender, is_slow: Arc::clone(&is_slow) };
        tokio::spawn(teller.run(events, closing, place));
        let told = unfold(receiver, async |mut told| Some((told.recv().await?, told)));
        let cut = futures::stream::once(async move { is_slow.load(Ordering::Acquire) });
        let cut =
            cut.filter_map(async |is_slow| is_slow.then_some(Told::Cut(ApiError::SlowReader)));
        Ok(told.chain(cut).boxed())
    }
}

fn subjects(types: Option<&str>, has_query: bool) -> Result<Vec<Subject>, ApiError> {
    let all = [Subject::ARTICLE_STORED, Subject::ARTICLE_DELETED, Subject::ENTRY_DECIDED];
    let Some(types) = types else {
        return Ok(if has_query { all[..1].to_vec() } else { all.to_vec() });
    };
    let mut subjects = Vec::new();
    for name in types.split(',').map(str::trim) {
        let subject = all.into_iter().find(|subject| subject.as_str() == name);
        let subject = subject.ok_or_else(|| {
            let shown: String = name.chars().take(40).collect();
            let hint = "types takes article.stored, article.deleted and entry.decided, with commas \
                        between";
            ApiError::Invalid(format!("{hint}, not {shown:?}"))
        })?;
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    if has_query && subjects != [Subject::ARTICLE_STORED] {
        let message = "q chooses among stored articles; leave types out, or give article.stored";
        return Err(ApiError::Invalid(message.into()));
    }
    Ok(subjects)
}

/// Reads events for one client.
struct Teller {
    api: Api,
    query: Option<Query>,
    sender: mpsc::Sender<Told>,
    /// Set if the client took nothing in time.
    is_slow: Arc<AtomicBool>,
}

impl Teller {
    async fn run(
        self,
        mut events: OwnFollower,
        closing: CancellationToken,
        _place: OwnedSemaphorePermit,
    ) {
        let gone = self.sender.clone();
        let telling = async {
            while let Some(item) = events.next().await {
                let told = match item {
                    FollowedItem::Gap(gap) => Some(Told::Gap(gap)),
                    FollowedItem::Message(event) => self.told(&event).await,
                };
                let Some(told) = told else { continue };
                if let Err(mpsc::error::SendTimeoutError::Timeout(_)) =
                    self.sender.send_timeout(told, PATIENCE).await
                {
                    self.is_slow.store(true, Ordering::Release);
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            () = closing.cancelled() => {}
            () = gone.closed() => {}
            () = telling => {}
        }
    }

    /// The event for the client; `None` if it is not asked for, or cannot be read.
    async fn told(&self, event: &Event) -> Option<Told> {
        let position = event.position();
        self.read(position, event).await.unwrap_or_else(|error| {
            tracing::warn!(%error, position, "an event cannot be told");
            None
        })
    }

    async fn read(&self, position: u64, event: &Event) -> Result<Option<Told>, Failure> {
        if event.subject() == Subject::ENTRY_DECIDED.as_str() {
            return Ok(Some(Told::Decided(position, event.decode()?)));
        }
        if event.subject() == Subject::ARTICLE_DELETED.as_str() {
            return Ok(Some(Told::Deleted(position, event.decode()?)));
        }
        let stored: v1::ArticleStored = event.decode()?;
        let is_asked_for = match &self.query {
            Some(query) => self.fulfils(query, &stored).await.map_err(Failure::retry)?,
            None => true,
        };
        Ok(is_asked_for.then_some(Told::Stored(position, stored)))
    }

    /// Compares an article with the query, once the index has it.
    async fn fulfils(&self, query: &Query, stored: &v1::ArticleStored) -> Result<bool, ApiError> {
        let Ok(id) = stored.id.parse::<ArticleId>() else { return Ok(false) };
        let change = self.api.store.articles().head().await?.change;
        if !self.api.search.wait_for(change, INDEXING).await {
            return Err(ApiError::Behind { after: INDEXING });
        }
        Ok(self.api.search.fulfils(query, id).await?)
    }
}
