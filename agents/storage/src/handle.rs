//! One article's way through the storage agent.

use courant_article::{Article, Embeddings};
use courant_bus::{Bus, Failure, MessageId, Subject};
use courant_proto::{InvalidMessage, v1};
use courant_service::AgentMetrics;
use courant_store::{StoredArticle, UpsertOutcome};
use courant_telemetry::Clock;

use crate::commit::Committer;

/// The state that handling an analyzed article needs.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) bus: Bus,
    pub(crate) committer: Committer,
    pub(crate) clock: Clock,
    pub(crate) metrics: AgentMetrics,
}

impl Handler {
    /// Commits an analyzed article, and tells of it.
    pub(crate) async fn handle(self, analyzed: v1::ArticleAnalyzed) -> Result<(), Failure> {
        let record = record(analyzed, &self.clock).map_err(Failure::discard)?;
        let mut stored = event(&record);
        let committed = self.committer.commit(record);
        let upsert = self.metrics.timed("store", committed).await?;
        if upsert == UpsertOutcome::Deleted {
            // Whoever deleted it told of it.
            return Ok(());
        }
        stored.changed = upsert != UpsertOutcome::Unchanged;
        let id = MessageId::article(&stored.id, stored.revision, "stored", "");
        self.bus.publish(Subject::ARTICLE_STORED, &id, &stored).await?;
        Ok(())
    }
}

fn record(analyzed: v1::ArticleAnalyzed, clock: &Clock) -> Result<StoredArticle, InvalidMessage> {
    let article = analyzed.article.ok_or(InvalidMessage::Missing("article"))?;
    let embeddings = analyzed.embeddings.ok_or(InvalidMessage::Missing("embeddings"))?;
    let analysis = analyzed.analysis.ok_or(InvalidMessage::Missing("analysis"))?;
    let embeddings = Embeddings::try_from(embeddings)?;
    Ok(StoredArticle {
        article: Article::try_from(article)?,
        model: embeddings.model,
        vector: embeddings.vector,
        analysis: analysis.try_into()?,
        stored_at: clock.now(),
    })
}

fn event(record: &StoredArticle) -> v1::ArticleStored {
    let article = &record.article;
    v1::ArticleStored {
        id: article.id.to_string(),
        revision: article.revision.0,
        url: article.url.clone(),
        title: article.title.clone(),
        published_at: article.published_at.as_ref().map_or_else(String::new, ToString::to_string),
        language: record.analysis.language.clone().unwrap_or_default(),
        submission_id: article.submission_id.clone(),
        changed: false,
    }
}

#[cfg(test)]
mod tests {
    use courant_proto::Schema;

    use super::*;

    fn decoded<M: Schema>(message: &[u8]) -> M {
        M::decode(message).unwrap()
    }

    /// It has the embedder's sentences, chunks and names, which are passed over.
    #[test]
    fn a_message_of_0_1_0_becomes_a_record() {
        let recorded =
            include_bytes!("../../../proto/tests/fixtures/0.1.0/article.analyzed.bridge.pb");
        let record = record(decoded(recorded), &Clock::fixed(0)).unwrap();
        assert_eq!(record.article.revision.0, 1_772_526_600_000);
        assert_eq!(
            (record.model.name.as_str(), record.vector.dimension()),
            ("all-MiniLM-L6-v2", 16)
        );
        assert_eq!(record.analysis.entities.len(), 3);
        assert_eq!(record.analysis.language.as_deref(), Some("en"));
    }
}
