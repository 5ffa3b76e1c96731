//! The tables that are divided by the time of an article's first observation: articles, and the
//! vectors of each encoder. All have the same partitions.

use courant_postgres::{Error, Partitioned, Queries, Session, Span};

/// Names the lock that whoever makes partitions holds until its transaction ends.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('courant.partitions'))";

/// The articles.
pub const ARTICLES: Partitioned<'_> = divided("article");

/// The table `relation` with the vectors of an encoder.
pub const fn divided(relation: &str) -> Partitioned<'_> {
    Partitioned { table: relation, key: "first_observed_ms" }
}

/// Waits until nobody else makes partitions or names an encoder.
///
/// # Errors
/// A failure of the server.
pub async fn lock(client: &impl Queries) -> Result<(), Error> {
    client.query(LOCK, &[]).await?;
    Ok(())
}

/// Returns the spans of the partitions.
///
/// # Errors
/// A failure of the server.
pub async fn spans(client: &impl Queries) -> Result<Vec<Span>, Error> {
    let partitions = ARTICLES.list(client).await?;
    Ok(partitions.into_iter().map(|partition| partition.span).collect())
}

/// Makes the partitions for articles that were first observed at `times`, where there are none.
///
/// # Errors
/// A failure of the server.
pub async fn ensure(client: &mut Session, relation: &str, times: &[i64]) -> Result<(), Error> {
    let existing = spans(client).await?;
    if times.iter().all(|time| is_covered(*time, &existing)) {
        return Ok(());
    }
    let transaction = client.read_committed().await?;
    lock(&transaction).await?;
    add(&transaction, &[ARTICLES, divided(relation)], times).await?;
    transaction.commit().await
}

/// Makes the partitions of `tables` for `times`. The caller holds the lock.
///
/// # Errors
/// A failure of the server.
pub async fn add(
    client: &impl Queries,
    tables: &[Partitioned<'_>],
    times: &[i64],
) -> Result<(), Error> {
    let mut existing = spans(client).await?;
    for time in times {
        if is_covered(*time, &existing) {
            continue;
        }
        let span = Span::missing(*time, &existing);
        for table in tables {
            table.add(client, span).await?;
        }
        tracing::info!(partition = span.name(), "made a partition");
        existing.push(span);
    }
    Ok(())
}

fn is_covered(time: i64, existing: &[Span]) -> bool {
    existing.iter().any(|span| span.contains(time))
}
