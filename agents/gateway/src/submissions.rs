//! Articles over gRPC: a stream of entries, answered by the stream of their decisions.

use std::collections::HashMap;
use std::time::Duration;

use courant_article::{ContentHash, Entry};
use courant_bus::{MessageId, PublishError, Subject, Subscription};
use courant_proto::v1;
use courant_proto::v1::submissions_server::{Submissions, SubmissionsServer};
use futures::stream::{BoxStream, StreamExt, try_unfold};
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};

use crate::api::Api;
use crate::error::ApiError;
use crate::pressure::IntakeStatus;

/// Entries of one call that wait for their decisions.
const MAX_WAITING: usize = 256;

/// The longest wait for one decision. None comes on an entry that became a dead letter.
const PATIENCE: Duration = Duration::from_secs(300);

/// The service `courant.v1.Submissions`.
pub(crate) fn service(api: Api) -> SubmissionsServer<Service> {
    SubmissionsServer::new(Service(api))
}

pub(crate) struct Service(Api);

#[tonic::async_trait]
impl Submissions for Service {
    type SubmitStream = BoxStream<'static, Result<v1::EntryDecided, Status>>;

    async fn submit(
        &self,
        request: Request<Streaming<v1::Entry>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let decisions = self.0.bus.subscribe(Subject::ENTRY_DECIDED).await.map_err(unavailable)?;
        let call = Call {
            api: self.0.clone(),
            entries: Some(request.into_inner()),
            decisions,
            standing: self.0.standing.clone(),
            waiting: HashMap::new(),
        };
        let decided = try_unfold(call, async |mut call| {
            Ok(call.decision().await?.map(|decision| (decision, call)))
        });
        Ok(Response::new(decided.boxed()))
    }
}

/// One call. It works while its client asks for decisions, and so no faster than the client.
struct Call {
    api: Api,
    /// `None` after the last entry.
    entries: Option<Streaming<v1::Entry>>,
    decisions: Subscription<v1::EntryDecided>,
    standing: watch::Receiver<IntakeStatus>,
    /// Submissions without a decision, with the times at which they came.
    waiting: HashMap<String, Instant>,
}

impl Call {
    /// Takes entries in until one of them is decided. `None` after the decision on the last one.
    async fn decision(&mut self) -> Result<Option<v1::EntryDecided>, Status> {
        while self.entries.is_some() || !self.waiting.is_empty() {
            self.waiting.retain(|_, since| since.elapsed() < PATIENCE);
            let may_take = self.entries.is_some() && self.waiting.len() < MAX_WAITING;
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
                    Some(entries) if takes_more => entries.message().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                decided = self.decisions.next() => {
                    let decided = decided.ok_or_else(|| Status::unavailable("the bus is closed"))?;
                    if self.waiting.remove(&decided.submission_id).is_some() {
                        return Ok(Some(decided));
                    }
                }
                entry = entry => match entry? {
                    Some(entry) => if let Some(decided) = self.take(entry).await? {
                        return Ok(Some(decided));
                    },
                    None => self.entries = None,
                },
                // Another level, or an obstacle: a closed channel is a gateway that ends.
                changed = self.standing.changed() => changed.map_err(unavailable)?,
            }
        }
        Ok(None)
    }

    /// Puts an entry into the queue. Returns its decision if it was made before.
    async fn take(&mut self, message: v1::Entry) -> Result<Option<v1::EntryDecided>, Status> {
        let entry = Entry::try_from(message.clone()).map_err(|error| {
            Status::invalid_argument(format!("submission {:?}: {error}", message.submission_id))
        })?;
        let id = message_id(&entry);
        let published = self.api.bus.publish(Subject::ENTRY_SUBMITTED, &id, &message).await;
        let published = published.map_err(|error| match error {
            PublishError::TooLarge { .. } => Status::invalid_argument(error.to_string()),
            error => unavailable(error),
        })?;
        if published.duplicate
            && let Some(decided) = self.api.decided_before(&entry).await.map_err(unavailable)?
        {
            return Ok(Some(decided));
        }
        self.waiting.insert(message.submission_id, Instant::now());
        Ok(None)
    }
}

/// The bus swallows an entry that is sent again within a while.
fn message_id(entry: &Entry) -> MessageId {
    let said = format!("{}\n{}\n{}", entry.url, entry.title, entry.text.as_str());
    let said = ContentHash::of_normalized(&said);
    MessageId::new(format!("{}:{said}:{}:submitted", entry.submission_id, entry.observed_at))
}

fn unavailable(error: impl std::fmt::Display) -> Status {
    Status::unavailable(error.to_string())
}
