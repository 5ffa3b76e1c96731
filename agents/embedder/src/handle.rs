//! One article's way through the embedder.

use courant_article::Article;
use courant_bus::{Bus, Failure, MessageId, Subject};
use courant_inference::{Encoder, Reranker};
use courant_proto::{InvalidMessage, v1};
use courant_service::AgentMetrics;

use crate::error::failure;

/// The state that handling an accepted article needs.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) bus: Bus,
    pub(crate) encoder: Encoder,
    /// `None` if none is configured.
    pub(crate) reranker: Option<Reranker>,
    pub(crate) metrics: AgentMetrics,
}

impl Handler {
    /// Embeds an accepted article, and publishes it with its vectors.
    pub(crate) async fn handle(self, accepted: v1::ArticleAccepted) -> Result<(), Failure> {
        let article = article(accepted).map_err(Failure::discard)?;
        let embedding = self.encoder.embed_document(article.text.as_str());
        let document = self.metrics.timed("embed", embedding).await.map_err(failure)?;
        let embeddings = document.embeddings;
        let version = embeddings.model.version.clone();
        let id = MessageId::article(&article.id, article.revision, "embedded", &version);
        let embedded = v1::ArticleEmbedded::of(article, embeddings);
        let published = self.bus.publish(Subject::ARTICLE_EMBEDDED, &id, &embedded);
        self.metrics.timed("publish", published).await?;
        Ok(())
    }
}

fn article(accepted: v1::ArticleAccepted) -> Result<Article, InvalidMessage> {
    accepted.article.ok_or(InvalidMessage::Missing("article"))?.try_into()
}

#[cfg(test)]
mod tests {
    use courant_proto::Schema;

    use super::*;

    fn decoded<M: Schema>(message: &[u8]) -> M {
        M::decode(message).unwrap()
    }

    #[test]
    fn a_message_of_0_1_0_gives_its_article() {
        let recorded =
            include_bytes!("../../../proto/tests/fixtures/0.1.0/article.accepted.bruecke.pb");
        let article = article(decoded(recorded)).unwrap();
        assert_eq!(article.title, "Rat schließt alte Brücke");
        assert!(article.text.is_truncated());
    }
}
