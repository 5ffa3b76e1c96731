//! The facts of articles in Postgres.

use tokio_postgres::{Row, Transaction};

use super::{Facts, PART};
use crate::error::Error;
use courant_postgres::Queries;

/// Delete the facts that have tables of their own.
const DELETE: [&str; 2] = [
    "DELETE FROM article_name WHERE id = ANY ($1)",
    "DELETE FROM article_topic WHERE id = ANY ($1)",
];
/// Insert names and topics.
const INSERT: [&str; 2] = [
    "INSERT INTO article_name SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])",
    "INSERT INTO article_topic SELECT * FROM unnest($1::bytea[], $2::text[], $3::real[])",
];

/// An article that only got these columns did not change.
const BEFORE: &str = "ALTER TABLE article DISABLE TRIGGER article_numbered";
const AFTER: &str = "ALTER TABLE article ENABLE TRIGGER article_numbered";
const PART_OF_ALL: &str = "
SELECT number, id, url, published_at, analysis::text FROM article
WHERE number > $1 ORDER BY number LIMIT $2";
const COLUMNS: &str = "
UPDATE article SET site = row.site, published_ms = row.published_ms, sentiment = row.sentiment
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::real[])
    AS row (number, site, published_ms, sentiment)
WHERE article.number = row.number";

/// Writes the facts that have tables of their own, of the articles with these ids. Those of
/// `replaced` have had others.
pub(crate) async fn write(
    transaction: &impl Queries,
    articles: &[(&[u8], &Facts)],
    replaced: &[&[u8]],
) -> Result<(), Error> {
    if !replaced.is_empty() {
        for delete in DELETE {
            transaction.execute(delete, &[&replaced]).await?;
        }
    }
    insert(transaction, articles).await
}

async fn insert(client: &impl Queries, articles: &[(&[u8], &Facts)]) -> Result<(), Error> {
    let (mut ids, mut kinds, mut written) = (Vec::new(), Vec::new(), Vec::new());
    let (mut about, mut codes, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    for (id, facts) in articles {
        for (kind, name) in &facts.names {
            ids.push(*id);
            kinds.push(kind.as_str());
            written.push(name.as_str());
        }
        for (code, score) in &facts.topics {
            about.push(*id);
            codes.push(code.as_str());
            scores.push(*score);
        }
    }
    let [names, topics] = INSERT;
    client.execute(names, &[&ids, &kinds, &written]).await?;
    client.execute(topics, &[&about, &codes, &scores]).await?;
    Ok(())
}

/// Fills in the facts of all articles that were stored before there were facts.
pub(crate) async fn fill(client: &Transaction<'_>) -> Result<(), Error> {
    client.batch_execute(BEFORE).await?;
    let mut after = i64::MIN;
    loop {
        let rows = client.query(PART_OF_ALL, &[&after, &PART]).await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get(0)?;
        fill_part(client, &rows).await?;
    }
    Ok(client.batch_execute(AFTER).await?)
}

async fn fill_part(client: &Transaction<'_>, rows: &[Row]) -> Result<(), Error> {
    let facts: Vec<Facts> = rows.iter().map(read).collect::<Result<_, _>>()?;
    let numbers: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.try_get(1)).collect::<Result<_, _>>()?;
    let sites: Vec<&str> = facts.iter().map(|facts| facts.site.as_str()).collect();
    let dates: Vec<Option<i64>> = facts.iter().map(|facts| facts.published_ms).collect();
    let sentiments: Vec<Option<f32>> = facts.iter().map(|facts| facts.sentiment).collect();
    client.execute(COLUMNS, &[&numbers, &sites, &dates, &sentiments]).await?;
    let articles: Vec<_> = ids.into_iter().zip(&facts).collect();
    insert(client, &articles).await
}

fn read(row: &Row) -> Result<Facts, Error> {
    Facts::read(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
}
