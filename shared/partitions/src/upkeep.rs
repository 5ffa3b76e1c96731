//! The steps of upkeep on the server. Each is one transaction, so that a step that is broken off has
//! done nothing.
//!
//! An index is made on a copy of the partition, which then takes its place, and so is the partition
//! that others are merged into. Writers and searches go on meanwhile: the changes since the copy
//! began are known by their numbers, and are copied at the end, under a lock that lasts as long as
//! they are few.

use std::time::Duration;

use courant_postgres::upkeep::{INDEXED, Part, Upkeep, UpkeepStep, next};
use courant_postgres::{Error, Partitioned, Postgres, Queries, Session, Span, Transaction};

use crate::layout::{self, ARTICLES, divided};

/// The longest time of a step: the articles of a year may be copied.
pub const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// One process does the upkeep at a time.
const LOCK: &str = "SELECT pg_try_advisory_xact_lock(hashtext('courant.upkeep'))";
const LAST_CHANGE: &str = "
SELECT greatest((SELECT max(change) FROM article), (SELECT max(change) FROM article_deletion), 0)";
/// The time of the first article that a new partition may have.
const BEHIND: &str = "SELECT max(first_observed_ms) FROM article WHERE ";

/// Attempts to get the exclusive lock, and the pause between two.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// The tables that have the same partitions.
struct Tables<'a> {
    embeddings: Partitioned<'a>,
}

/// Does the most urgent step, if there is one. `relation` is the table with the vectors of the
/// encoder.
///
/// # Errors
/// A failure of the server. Nothing changed; the step can be tried again.
pub async fn upkeep(
    client: &mut Session,
    relation: &str,
    now_ms: i64,
    most_hot: i64,
) -> Result<Upkeep, Error> {
    let tables = Tables { embeddings: divided(relation) };
    let transaction = client.read_committed().await?;
    let is_mine: bool = transaction.query_one(LOCK, &[]).await?.try_get(0)?;
    let parts = parts(&transaction, tables.embeddings, now_ms).await?;
    let step = if is_mine { next(&parts, now_ms, most_hot) } else { None };
    let done = match &step {
        None => false,
        Some(step) => tables.take(&transaction, step, now_ms).await?,
    };
    let partitions = layout::spans(&transaction).await?.len();
    transaction.commit().await?;
    Ok(Upkeep { partitions, step: step.filter(|_| done) })
}

/// Counts what is not indexed: the server has not looked at new partitions yet.
async fn parts(
    client: &Transaction<'_>,
    embeddings: Partitioned<'_>,
    now_ms: i64,
) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    for partition in embeddings.list(client).await? {
        let is_counted = !partition.is_indexed && partition.span.from_ms <= now_ms;
        let rows = if is_counted || partition.estimated_rows < 0.0 {
            let count = format!("SELECT count(*) FROM {}", partition.table);
            client.query_one(&count, &[]).await?.try_get(0)?
        } else {
            partition.estimated_rows as i64
        };
        parts.push(Part { span: partition.span, rows, is_indexed: partition.is_indexed });
    }
    Ok(parts)
}

impl Tables<'_> {
    /// Returns false if the step has to wait.
    async fn take(
        &self,
        client: &Transaction<'_>,
        step: &UpkeepStep,
        now_ms: i64,
    ) -> Result<bool, Error> {
        // The pool's limits are those of short operations. Workers beside would need as much shared
        // memory, of which a container has 64 MB.
        client
            .batch(
                "SET LOCAL statement_timeout = 0;
                 SET LOCAL idle_in_transaction_session_timeout = '1min';
                 SET LOCAL maintenance_work_mem = '512MB';
                 SET LOCAL max_parallel_maintenance_workers = 0",
            )
            .await?;
        match step {
            UpkeepStep::Made(span) => {
                layout::lock(client).await?;
                layout::add(client, &[ARTICLES, self.embeddings], &[span.from_ms]).await?;
                Ok(true)
            }
            UpkeepStep::Cut(span) => self.cut(client, *span, now_ms).await,
            UpkeepStep::Indexed(span) => {
                let copy =
                    Copying { tables: vec![self.embeddings], parts: vec![*span], into: *span };
                copy.run(client, self.embeddings).await
            }
            UpkeepStep::Merged { parts, into } => {
                let tables = vec![ARTICLES, self.embeddings];
                let copy = Copying { tables, parts: parts.clone(), into: *into };
                copy.run(client, self.embeddings).await
            }
        }
    }

    /// Ends the partition of the present behind its last article, and begins another.
    async fn cut(&self, client: &Transaction<'_>, span: Span, now_ms: i64) -> Result<bool, Error> {
        layout::lock(client).await?;
        if !lock_exclusively(client, &[ARTICLES, self.embeddings]).await? {
            return Ok(false);
        }
        let last = format!("{BEHIND}{}", span.condition(ARTICLES.key));
        let last: Option<i64> = client.query_one(&last, &[]).await?.try_get(0)?;
        let middle = last.map_or(now_ms, |last| now_ms.max(last.saturating_add(1)));
        if !span.contains(middle) {
            return Ok(false);
        }
        let before = Span { until_ms: middle, ..span };
        for table in [ARTICLES, self.embeddings] {
            let (old, name) = (table.name(span), table.name(before));
            table.detach(client, &old).await?;
            client.batch(&format!("ALTER TABLE {old} RENAME TO {name}")).await?;
            table.attach(client, &name, before).await?;
            table.add(client, Span { from_ms: middle, ..span }).await?;
        }
        Ok(true)
    }
}

/// Partitions that are copied into one, which takes their place.
struct Copying<'a> {
    tables: Vec<Partitioned<'a>>,
    parts: Vec<Span>,
    into: Span,
}

impl Copying<'_> {
    async fn run(
        &self,
        client: &Transaction<'_>,
        embeddings: Partitioned<'_>,
    ) -> Result<bool, Error> {
        let mut change: i64 = client.query_one(LAST_CHANGE, &[]).await?.try_get(0)?;
        let condition = self.into.condition(ARTICLES.key);
        for table in &self.tables {
            let (copy, table) = (self.copy_of(*table), *table);
            table.make(client, &copy, self.into).await?;
            let rows =
                format!("INSERT INTO {copy} SELECT * FROM {} WHERE {condition}", table.table);
            let copied = client.execute(&rows, &[]).await?;
            if table.table == embeddings.table && copied >= INDEXED.unsigned_abs() {
                let index =
                    format!("CREATE INDEX ON {copy} USING hnsw (vector halfvec_cosine_ops)");
                client.batch(&index).await?;
            }
            client.batch(&format!("ANALYZE {copy}")).await?;
        }
        // The first time takes in what came while the index was made, without a lock.
        change = self.catch_up(client, change).await?;
        layout::lock(client).await?;
        if !lock_exclusively(client, &self.tables).await? {
            return Err(Error::Busy(PAUSE * ATTEMPTS));
        }
        self.catch_up(client, change).await?;
        self.exchange(client).await?;
        Ok(true)
    }

    fn copy_of(&self, table: Partitioned<'_>) -> String {
        format!("{}_new", table.name(self.into))
    }

    /// Copies the changes behind the number `change`, and returns the number of the last one. What
    /// changes meanwhile is left to the next time: the statements see different states.
    async fn catch_up(&self, client: &Transaction<'_>, change: i64) -> Result<i64, Error> {
        let last: i64 = client.query_one(LAST_CHANGE, &[]).await?.try_get(0)?;
        let condition = self.into.condition("article.first_observed_ms");
        let changed =
            format!("article.change > {change} AND article.change <= {last} AND {condition}");
        for table in &self.tables {
            let (copy, original) = (self.copy_of(*table), table.table);
            let gone = format!(
                "DELETE FROM {copy} WHERE id IN (
                     SELECT id FROM article WHERE {changed}
                     UNION ALL SELECT id FROM article_deletion WHERE change > {change})"
            );
            client.execute(&gone, &[]).await?;
            let rows = format!(
                "INSERT INTO {copy} SELECT original.* FROM {original} AS original
                 JOIN article ON article.first_observed_ms = original.first_observed_ms
                     AND article.id = original.id
                 WHERE {changed}"
            );
            client.execute(&rows, &[]).await?;
        }
        Ok(last)
    }

    /// Puts the copies in the place of the partitions. The caller holds the exclusive lock.
    async fn exchange(&self, client: &Transaction<'_>) -> Result<(), Error> {
        for table in &self.tables {
            for part in &self.parts {
                let old = table.name(*part);
                table.detach(client, &old).await?;
                client.batch(&format!("DROP TABLE {old}")).await?;
            }
            let (copy, name) = (self.copy_of(*table), table.name(self.into));
            client.batch(&format!("ALTER TABLE {copy} RENAME TO {name}")).await?;
            table.attach(client, &name, self.into).await?;
        }
        Ok(())
    }
}

/// Takes the exclusive lock of the tables until the transaction ends. The caller holds the lock of
/// those who make partitions: one of them may have looked at those that are exchanged now. Whoever comes later waits
/// behind this, so each attempt is short. Returns false if others held them all the time.
async fn lock_exclusively(
    client: &Transaction<'_>,
    tables: &[Partitioned<'_>],
) -> Result<bool, Error> {
    let names: Vec<&str> = tables.iter().map(|table| table.table).collect();
    let lock = format!(
        "SAVEPOINT before; SET LOCAL lock_timeout = '1s';
         LOCK TABLE {} IN ACCESS EXCLUSIVE MODE; SET LOCAL lock_timeout = 0",
        names.join(", "),
    );
    for _ in 0..ATTEMPTS {
        match client.batch(&lock).await {
            Ok(()) => return Ok(true),
            Err(error) if Postgres::is_locked(&error) => {
                client.batch("ROLLBACK TO before").await?;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
