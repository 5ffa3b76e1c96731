//! The step of migration that moves what is stored into partitions.

use courant_partitions::{self as partitions, ARTICLES};
use courant_postgres::Queries;

use crate::articles::encoder::make_tables;
use crate::error::Error;

/// The migration step behind which articles and vectors move.
pub(crate) const STEP: i64 = 12;

const NEXT: &str = "
SELECT min(first_observed_ms) FROM article_unpartitioned WHERE first_observed_ms >= $1";
const ARTICLE_ROWS: &str = "
INSERT INTO article (id, revision, url, content_hash, title, authors, published_at,
    declared_language, language, site_name, body, truncated, source, submission_id, decision,
    syndicated_of, model, analysis, stored_at_ms, page, feed, evidence, change, first_observed_ms,
    number, site, published_ms, sentiment)
SELECT id, revision, url, content_hash, title, authors, published_at, declared_language, language,
    site_name, body, truncated, source, submission_id, decision, syndicated_of, model, analysis,
    stored_at_ms, page, feed, evidence, change, first_observed_ms, number, site, published_ms,
    sentiment
FROM article_unpartitioned";
const ENCODERS: &str = "SELECT name, relation FROM courant_encoder";

/// Moves articles and vectors. The vectors of each encoder go to a table of their own.
pub(crate) async fn fill(client: &impl Queries) -> Result<(), Error> {
    let mut from = i64::MIN;
    while let Some(time) = client.query_one(NEXT, &[&from]).await?.try_get::<_, Option<i64>>(0)? {
        partitions::add(client, &[ARTICLES], &[time]).await?;
        let spans = partitions::spans(client).await?;
        let until = spans.iter().find(|span| span.contains(time)).map(|span| span.until_ms);
        match until {
            Some(until) if until < i64::MAX => from = until,
            _ => break,
        }
    }
    make_tables(client).await?;
    client.execute(ARTICLE_ROWS, &[]).await?;
    for row in client.query(ENCODERS, &[]).await? {
        let (name, relation): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        let vectors = format!(
            "INSERT INTO {relation} (first_observed_ms, id, number, site, language, published_ms,
                 vector)
             SELECT first_observed_ms, id, number, site, language, published_ms, vector
             FROM article_unpartitioned WHERE model->>'name' = $1"
        );
        client.execute(&vectors, &[&name]).await?;
    }
    Ok(())
}
