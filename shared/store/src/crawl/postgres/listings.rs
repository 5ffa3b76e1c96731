//! The crawler's timetable.

use tokio_postgres::Row;

use crate::columns::{clean, content_hash, json, parsed, url_key};
use crate::crawl::record::{Listing, SourceHealth};
use crate::error::Error;
use courant_postgres::{Queries, Session, Transaction};

const RECORD: &str = "
INSERT INTO listing (key, url, kind, checked_at_ms, next_check_at_ms, interval_s, failures, problem,
    fingerprint, leads_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, checked_at_ms = excluded.checked_at_ms,
    next_check_at_ms = excluded.next_check_at_ms, interval_s = excluded.interval_s,
    failures = excluded.failures, problem = excluded.problem,
    fingerprint = excluded.fingerprint, leads_to = excluded.leads_to
WHERE excluded.checked_at_ms >= listing.checked_at_ms";

pub(in crate::crawl) async fn record(
    transaction: &Transaction<'_>,
    listing: &Listing,
) -> Result<(), Error> {
    let hash = listing.fingerprint.map(|hash| hash.as_bytes().to_vec());
    transaction
        .execute(
            RECORD,
            &[
                &url_key(&listing.url).as_bytes().as_slice(),
                &clean(&listing.url),
                &clean(&listing.kind),
                &listing.checked_at_ms,
                &listing.next_check_at_ms,
                &i64::try_from(listing.interval_s).unwrap_or(i64::MAX),
                &i64::from(listing.failures),
                &listing.problem.as_deref().map(clean),
                &hash,
                &clean(&json(&listing.leads_to)?),
            ],
        )
        .await?;
    Ok(())
}

fn keys(urls: &[String]) -> Vec<Vec<u8>> {
    urls.iter().map(|url| url_key(url).as_bytes().to_vec()).collect()
}

pub(in crate::crawl) async fn forget(client: &Session, urls: &[String]) -> Result<(), Error> {
    client.execute("DELETE FROM listing WHERE key = ANY($1)", &[&keys(urls)]).await?;
    Ok(())
}

pub(in crate::crawl) async fn make_due(
    client: &Session,
    urls: &[String],
    at_ms: i64,
) -> Result<usize, Error> {
    let query = "UPDATE listing SET next_check_at_ms = $2 WHERE key = ANY($1)";
    let known = client.execute(query, &[&keys(urls), &at_ms]).await?;
    Ok(usize::try_from(known).unwrap_or(usize::MAX))
}

const COLUMNS: &str = "url, kind, checked_at_ms, next_check_at_ms, interval_s, failures, problem,
    fingerprint, leads_to";

pub(in crate::crawl) async fn listing(
    client: &Session,
    url: &str,
) -> Result<Option<Listing>, Error> {
    let query = format!("SELECT {COLUMNS} FROM listing WHERE key = $1");
    let found = client.query_opt(&query, &[&url_key(url).as_bytes().as_slice()]).await?;
    found.map(|row| read(&row)).transpose()
}

/// In the order of bytes, as SQLite sorts.
pub(in crate::crawl) async fn listings(
    client: &Session,
    after: &str,
    limit: i64,
) -> Result<Vec<Listing>, Error> {
    let query = format!(
        "SELECT {COLUMNS} FROM listing WHERE url COLLATE \"C\" > $1
         ORDER BY url COLLATE \"C\" LIMIT $2"
    );
    let rows = client.query(&query, &[&clean(after), &limit]).await?;
    rows.iter().map(read).collect()
}

pub(in crate::crawl) async fn health(client: &Session, limit: i64) -> Result<SourceHealth, Error> {
    let query = "SELECT count(*), count(*) FILTER (WHERE failures > 0) FROM listing";
    let counts = client.query_one(query, &[]).await?;
    let query = format!(
        "SELECT {COLUMNS} FROM listing WHERE failures > 0
         ORDER BY failures DESC, url COLLATE \"C\" LIMIT $1"
    );
    let rows = client.query(&query, &[&limit]).await?;
    Ok(SourceHealth {
        listings: u64::try_from(counts.try_get::<_, i64>(0)?).unwrap_or_default(),
        failing: u64::try_from(counts.try_get::<_, i64>(1)?).unwrap_or_default(),
        worst: rows.iter().map(read).collect::<Result<_, _>>()?,
    })
}

fn read(row: &Row) -> Result<Listing, Error> {
    Ok(Listing {
        url: row.try_get(0)?,
        kind: row.try_get(1)?,
        checked_at_ms: row.try_get(2)?,
        next_check_at_ms: row.try_get(3)?,
        interval_s: u64::try_from(row.try_get::<_, i64>(4)?).unwrap_or_default(),
        failures: u32::try_from(row.try_get::<_, i64>(5)?).unwrap_or(u32::MAX),
        problem: row.try_get(6)?,
        fingerprint: row.try_get::<_, Option<&[u8]>>(7)?.map(content_hash).transpose()?,
        leads_to: parsed("leads_to", row.try_get(8)?)?,
    })
}
