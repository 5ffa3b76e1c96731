//! Handles one embedded article.

use std::sync::Arc;

use courant_article::{Analysis, Article, Embeddings};
use courant_bus::{Bus, Failure, MessageId, Subject};
use courant_proto::{InvalidMessage, v1};
use courant_service::AgentMetrics;

use crate::{Analyzer, Classifiers, Metrics};

/// The state that handling an embedded article needs.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) bus: Bus,
    pub(crate) analyzer: Arc<Analyzer>,
    pub(crate) classifiers: Classifiers,
    pub(crate) agent: AgentMetrics,
    pub(crate) metrics: Metrics,
}

impl Handler {
    /// Analyzes an embedded article, and publishes it with its analysis.
    pub(crate) async fn handle(self, embedded: v1::ArticleEmbedded) -> Result<(), Failure> {
        let (article, embeddings) = parts(embedded).map_err(Failure::discard)?;
        let analyzing = self.analyze(article, embeddings);
        let (article, embeddings, analysis) = self.agent.timed("analyze", analyzing).await?;
        let id = MessageId::article(&article.id, article.revision, "analyzed", "");
        let analyzed = v1::ArticleAnalyzed::of(article, embeddings, analysis);
        let published = self.bus.publish(Subject::ARTICLE_ANALYZED, &id, &analyzed);
        self.agent.timed("publish", published).await?;
        Ok(())
    }

    /// Asks the classifiers, then analyzes the article. The analysis takes a few milliseconds of
    /// one core, so it runs on a blocking thread and not on those that do I/O.
    async fn analyze(
        &self,
        article: Article,
        embeddings: Embeddings,
    ) -> Result<(Article, Embeddings, Analysis), Failure> {
        let (analyzer, text) = (Arc::clone(&self.analyzer), article.text.as_str());
        let declared = article.declared_language.as_deref();
        let judging = self.classifiers.judge(&analyzer, &article.title, text, declared);
        let judged = judging.await.map_err(Failure::retry)?;
        let analyzing = tokio::task::spawn_blocking(move || {
            let (title, text) = (&article.title, article.text.as_str());
            let declared = article.declared_language.as_deref();
            let analysis = analyzer.analyze_judged(title, text, declared, &embeddings, judged);
            (article, embeddings, analysis)
        });
        let (article, embeddings, analysis) = analyzing.await.map_err(Failure::retry)?;
        self.metrics.analyzed(&analysis);
        Ok((article, embeddings, analysis))
    }
}

fn parts(embedded: v1::ArticleEmbedded) -> Result<(Article, Embeddings), InvalidMessage> {
    let article = embedded.article.ok_or(InvalidMessage::Missing("article"))?;
    let embeddings = embedded.embeddings.ok_or(InvalidMessage::Missing("embeddings"))?;
    Ok((article.try_into()?, embeddings.try_into()?))
}

#[cfg(test)]
mod tests {
    use courant_proto::Schema;

    use super::*;

    fn decoded<M: Schema>(message: &[u8]) -> M {
        M::decode(message).unwrap()
    }

    /// It has the vectors of chunks, which are passed over.
    #[test]
    fn a_message_of_0_1_0_gives_its_article_sentences_and_names() {
        let recorded =
            include_bytes!("../../../proto/tests/fixtures/0.1.0/article.embedded.bridge.pb");
        let (article, embeddings) = parts(decoded(recorded)).unwrap();
        assert_eq!(article.title, "Council closes old bridge");
        assert_eq!((embeddings.vector.dimension(), embeddings.sentences.len()), (16, 3));
        assert_eq!(embeddings.entities.unwrap().entities[2].text, "Ann Łukasz");
    }
}
