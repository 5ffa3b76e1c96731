//! Slow statements: their plans are logged, at most one a minute.
//!
//! The plan is the one for all values of the parameters, so no value stands in the log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use tokio::sync::mpsc;
use tokio_postgres::SimpleQueryMessage;

/// The pause behind a plan that was logged.
const PAUSE: Duration = Duration::from_secs(60);

/// A statement that took long.
#[derive(Debug)]
pub(crate) struct SlowStatement {
    sql: String,
    took: Duration,
}

/// Chooses the statements whose plans are logged.
#[derive(Debug)]
pub(crate) struct SlowStatements {
    limit: Duration,
    last: Mutex<Option<Instant>>,
    found: mpsc::Sender<SlowStatement>,
}

impl SlowStatements {
    /// Statements count as slow from `limit`. The receiver gets those to explain.
    pub(crate) fn new(limit: Duration) -> (Self, mpsc::Receiver<SlowStatement>) {
        let (found, receiver) = mpsc::channel(1);
        (Self { limit, last: Mutex::new(None), found }, receiver)
    }

    /// Takes note of a statement that began at `start` and has ended.
    pub(crate) fn ended(&self, sql: &str, start: Instant) {
        let took = start.elapsed();
        if took < self.limit {
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        // The one before is still being explained where the channel is full.
        if self.found.try_send(SlowStatement { sql: sql.to_owned(), took }).is_ok() {
            *last = Some(Instant::now());
        }
    }
}

/// Logs the plans of slow statements on connections of `pool`, until nobody finds more. `settings`
/// are those of searches, until a transaction ends.
pub(crate) async fn explain(pool: Pool, settings: String, mut slow: mpsc::Receiver<SlowStatement>) {
    while let Some(SlowStatement { sql, took }) = slow.recv().await {
        let statement = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let took_ms = took.as_millis();
        match plan(&pool, &settings, &sql).await {
            Ok(plan) => tracing::warn!(took_ms, statement, plan, "slow statement"),
            // Postgres before 16 knows no plan without values.
            Err(error) => tracing::warn!(took_ms, statement, no_plan = error, "slow statement"),
        }
    }
}

async fn plan(pool: &Pool, settings: &str, sql: &str) -> Result<String, String> {
    let mut client = pool.get().await.map_err(|error| error.to_string())?;
    let said = |error: tokio_postgres::Error| match error.as_db_error() {
        Some(refusal) => refusal.message().to_owned(),
        None => error.to_string(),
    };
    // Dropped, it is rolled back.
    let transaction = client.transaction().await.map_err(said)?;
    transaction.batch_execute(settings).await.map_err(said)?;
    let explain = format!("EXPLAIN (GENERIC_PLAN) {sql}");
    let lines = transaction.simple_query(&explain).await.map_err(said)?;
    let lines = lines.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
