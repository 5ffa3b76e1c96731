//! Deletes articles on command: from the store, and from every stream.

mod traces;

use std::collections::HashSet;
use std::time::Duration;

use courant_article::ArticleId;
use courant_bus::{Bus, Failure, MessageId, StoredMessage, Subject};
use courant_proto::v1;
use courant_retention::Deletions;
use courant_service::{AgentMetrics, Control};
use courant_telemetry::Clock;

use traces::carries;

/// The longest pause between two looks for traces that must be erased.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// The state that a deletion needs.
#[derive(Clone)]
pub(crate) struct Deleter {
    pub(crate) bus: Bus,
    pub(crate) deletions: Deletions,
    pub(crate) clock: Clock,
    pub(crate) metrics: AgentMetrics,
}

/// A command names an article by something else than an id.
#[derive(Debug, thiserror::Error)]
#[error("the command to delete names {0:?}, which is no id")]
struct NoId(String);

impl Deleter {
    /// Deletes the articles from the store, whose tombstones bar whatever is on its way, then their
    /// messages from every stream, and tells of it.
    pub(crate) async fn handle(self, command: v1::DeleteArticles) -> Result<(), Failure> {
        let v1::DeleteArticles { ids, reason, requested_by } = command;
        let ids: Vec<ArticleId> = ids.iter().map(|id| read(id)).collect::<Result<_, _>>()?;
        let deleting = Box::pin(self.deletions.delete(&ids));
        let deleted = self.metrics.timed("delete", deleting).await.map_err(Failure::retry)?;
        let gone: HashSet<ArticleId> = deleted.iter().map(|article| article.id).collect();
        let carries_one = move |message: &StoredMessage<'_>| carries(message, &gone);
        let removing = Box::pin(self.bus.remove(carries_one));
        let removed = self.metrics.timed("remove", removing).await.map_err(Failure::retry)?;
        let deleted_at_ms = self.clock.unix_ms();
        for article in &deleted {
            let (id, hash) = (article.id.to_string(), article.content_hash.to_string());
            tracing::info!(article.id = %id, content_hash = %hash, requested_by, reason, "deleted");
            let event = v1::ArticleDeleted {
                id,
                content_hash: hash,
                reason: reason.clone(),
                deleted_at_ms,
            };
            let message_id = MessageId::article(&article.id, deleted_at_ms, "deleted", "");
            self.bus.publish(Subject::ARTICLE_DELETED, &message_id, &event).await?;
        }
        tracing::info!(articles = deleted.len(), messages = removed, "articles were deleted");
        Ok(())
    }

    /// Takes the traces of deleted articles out of the files, `after` a deletion. The agent's status
    /// tells of it under `erasure`.
    pub(crate) async fn keep_erasing(self, after: Duration, control: Control) {
        loop {
            if let Err(error) = self.erase(after).await {
                tracing::warn!(%error, "traces of deleted articles are still in the files");
                control.detail("erasure", format!("it failed, and is tried again: {error}"));
            }
            tokio::time::sleep(after.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
        }
    }

    async fn erase(&self, after: Duration) -> anyhow::Result<()> {
        let Some(pending) = Box::pin(self.deletions.pending_erasure()).await? else {
            return Ok(());
        };
        let waited_ms = self.clock.unix_ms().saturating_sub(pending.oldest_ms).max(0);
        if Duration::from_millis(waited_ms.unsigned_abs()) < after {
            return Ok(());
        }
        // Messages that were in flight at the deletion are settled by now.
        self.bus.overwrite_removed().await?;
        Box::pin(self.deletions.erase()).await?;
        Ok(Box::pin(self.deletions.erased(pending)).await?)
    }
}

fn read(id: &str) -> Result<ArticleId, Failure> {
    id.parse().map_err(|_| Failure::discard(NoId(id.chars().take(40).collect())))
}
