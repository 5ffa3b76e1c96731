//! Many articles, one transaction.

use std::sync::Arc;

use courant_service::AgentMetrics;
use courant_store::{Record, Store, Upsert};
use opentelemetry::metrics::Histogram;
use tokio::sync::{mpsc, oneshot};

use crate::error::CommitError;

type Answer = oneshot::Sender<Result<Upsert, CommitError>>;

/// Hands articles to the one task that commits them.
#[derive(Clone)]
pub(crate) struct Committer {
    queue: mpsc::Sender<(Record, Answer)>,
}

impl Committer {
    /// Starts the task. It ends when every `Committer` is gone.
    pub(crate) fn start(
        store: Store,
        batch: usize,
        metrics: AgentMetrics,
        sizes: Histogram<u64>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(batch);
        tokio::spawn(commit_batches(store, waiting, batch, metrics, sizes));
        Self { queue }
    }

    /// Commits `record`, together with whatever else is waiting.
    pub(crate) async fn commit(&self, record: Record) -> Result<Upsert, CommitError> {
        let (answer, committed) = oneshot::channel();
        self.queue.send((record, answer)).await.map_err(|_| CommitError::Ending)?;
        committed.await.map_err(|_| CommitError::Ending)?
    }
}

async fn commit_batches(
    store: Store,
    mut waiting: mpsc::Receiver<(Record, Answer)>,
    limit: usize,
    metrics: AgentMetrics,
    sizes: Histogram<u64>,
) {
    let mut batch = Vec::with_capacity(limit);
    while waiting.recv_many(&mut batch, limit).await > 0 {
        let (records, answers): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        sizes.record(records.len() as u64, &[]);
        let results = match metrics.timed("commit", store.upsert(&records)).await {
            Ok(upserts) => upserts.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(CommitError::Store(Arc::new(error))); answers.len()],
        };
        for (answer, result) in answers.into_iter().zip(results) {
            // Nobody waits any more where a delivery was given up: it comes again.
            drop(answer.send(result));
        }
    }
}
