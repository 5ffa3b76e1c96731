//! Commits many articles in one transaction.

use courant_service::AgentMetrics;
use courant_store::{Articles, StoredArticle, UpsertOutcome};
use opentelemetry::metrics::Histogram;
use tokio::sync::{mpsc, oneshot};

use crate::error::CommitError;

type CommitSender = oneshot::Sender<Result<UpsertOutcome, CommitError>>;

/// Hands articles to the one task that commits them.
#[derive(Clone)]
pub(crate) struct Committer {
    queue: mpsc::Sender<(StoredArticle, CommitSender)>,
}

impl Committer {
    /// Starts the task. It ends when every `Committer` is gone.
    pub(crate) fn start(
        articles: Articles,
        batch: usize,
        metrics: AgentMetrics,
        sizes: Histogram<u64>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(batch);
        tokio::spawn(commit_batches(articles, waiting, batch, metrics, sizes));
        Self { queue }
    }

    /// Commits `record`, together with whatever else is waiting.
    pub(crate) async fn commit(&self, record: StoredArticle) -> Result<UpsertOutcome, CommitError> {
        let (answer, committed) = oneshot::channel();
        self.queue.send((record, answer)).await.map_err(|_| CommitError::Ending)?;
        committed.await.map_err(|_| CommitError::Ending)?
    }
}

async fn commit_batches(
    articles: Articles,
    mut waiting: mpsc::Receiver<(StoredArticle, CommitSender)>,
    limit: usize,
    metrics: AgentMetrics,
    sizes: Histogram<u64>,
) {
    let mut batch = Vec::with_capacity(limit);
    while waiting.recv_many(&mut batch, limit).await > 0 {
        let (records, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        sizes.record(records.len() as u64, &[]);
        let results = metrics.timed("commit", Box::pin(upsert(&articles, &records))).await;
        for (answer, result) in answers.into_iter().zip(results) {
            // Nobody waits any more where a delivery was given up: it comes again.
            drop(answer.send(result));
        }
    }
}

/// Stores `records`, and returns the result for each, in order. A record that can never be
/// stored fails the whole transaction. Each record then gets its own transaction, so that
/// only that record fails.
async fn upsert(
    articles: &Articles,
    records: &[StoredArticle],
) -> Vec<Result<UpsertOutcome, CommitError>> {
    match articles.upsert(records).await {
        Ok(upserts) => upserts.into_iter().map(Ok).collect(),
        Err(error) if error.is_permanent() && records.len() > 1 => {
            let mut results = Vec::with_capacity(records.len());
            for record in records {
                let upserted = articles.upsert(std::slice::from_ref(record)).await;
                results.push(upserted.map(|upserts| upserts[0]).map_err(CommitError::from));
            }
            results
        }
        Err(error) => vec![Err(error.into()); records.len()],
    }
}

#[cfg(test)]
mod tests {
    use courant_article::{
        Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Evidence,
        FeedFields, ModelRef, PageFields, Revision, Text,
    };
    use courant_store::{Access, Config, Store};
    use courant_telemetry::{Clock, Meters};

    use super::*;

    fn record(url: &str, vector: Vec<f32>) -> StoredArticle {
        let url = CanonicalUrl::from_canonical(url);
        let article = Article {
            id: ArticleId::of(&url),
            revision: Revision(1),
            content_hash: ContentHash::of_normalized(url.as_str()),
            url: url.to_string(),
            title: "Title".into(),
            authors: Vec::new(),
            published_at: None,
            declared_language: None,
            site_name: None,
            text: Text::new("Text.".into()),
            source: "test".into(),
            submission_id: "s-1".into(),
            decision: Decision::New,
            syndicated_of: None,
            page: PageFields::default(),
            feed: FeedFields::default(),
            evidence: Evidence::default(),
        };
        StoredArticle {
            article,
            model: ModelRef::default(),
            vector: Embedding::normalized(vector),
            analysis: Analysis::default(),
            stored_at: Clock::fixed(0).now(),
        }
    }

    #[tokio::test]
    async fn a_record_that_can_never_be_stored_fails_alone() {
        let folder = tempfile::tempdir().unwrap();
        let meter = Meters::new("test").unwrap().meter();
        let config = Config { dimension: 3, ..Config::default() };
        let path = folder.path().join("courant.db");
        let store = Store::sqlite(&path, Access::ReadWrite, &config, Clock::fixed(0), &meter);
        let store = store.await.unwrap();
        let metrics = AgentMetrics::new("storage", &meter);
        let sizes = meter.u64_histogram("sizes").build();
        let committer = Committer::start(store.articles(), 8, metrics, sizes);

        let (first, wrong, last) = tokio::join!(
            committer.commit(record("https://a.example/1", vec![1.0, 0.0, 0.0])),
            committer.commit(record("https://a.example/2", vec![1.0, 0.0])),
            committer.commit(record("https://a.example/3", vec![0.0, 1.0, 0.0])),
        );
        assert_eq!(
            (first.unwrap(), last.unwrap()),
            (UpsertOutcome::Inserted, UpsertOutcome::Inserted)
        );
        assert!(matches!(
            courant_bus::Failure::from(wrong.unwrap_err()),
            courant_bus::Failure::Discard { .. }
        ));
        assert_eq!(store.counts().await.unwrap().articles, 2);
    }
}
