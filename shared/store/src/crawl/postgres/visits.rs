//! The crawler's memory.

use std::collections::BTreeMap;

use courant_article::ArticleId;

use crate::columns::{clean, content_hash, url_key};
use crate::crawl::record::Visit;
use crate::error::Error;
use courant_postgres::{Queries, Session, Transaction};

const RECORD: &str = "
INSERT INTO visit (key, url, etag, last_modified, fetched_at_ms, status, content_hash)
SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::bigint[],
    $6::integer[], $7::bytea[])
ON CONFLICT (key) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
    fetched_at_ms = excluded.fetched_at_ms, status = excluded.status,
    content_hash = excluded.content_hash
WHERE excluded.fetched_at_ms >= visit.fetched_at_ms";

/// One row per URL, the latest visit, in the order of the keys, so that two
/// batches never lock rows in opposite orders.
fn latest(visits: &[Visit]) -> BTreeMap<ArticleId, &Visit> {
    let mut latest: BTreeMap<ArticleId, &Visit> = BTreeMap::new();
    for visit in visits {
        let kept = latest.entry(url_key(&visit.url)).or_insert(visit);
        if visit.fetched_at_ms >= kept.fetched_at_ms {
            *kept = visit;
        }
    }
    latest
}

pub(in crate::crawl) async fn record(
    transaction: &Transaction<'_>,
    visits: &[Visit],
) -> Result<(), Error> {
    let latest = latest(visits);
    let keys: Vec<&[u8]> = latest.keys().map(|key| key.as_bytes().as_slice()).collect();
    let visits = || latest.values();
    let urls: Vec<String> = visits().map(|visit| clean(&visit.url)).collect();
    let etags: Vec<_> = visits().map(|visit| visit.etag.as_deref().map(clean)).collect();
    let modified: Vec<_> = visits().map(|v| v.last_modified.as_deref().map(clean)).collect();
    let fetched: Vec<i64> = visits().map(|visit| visit.fetched_at_ms).collect();
    let statuses: Vec<i32> = visits().map(|visit| i32::from(visit.status)).collect();
    let hash = |visit: &&Visit| visit.content_hash.map(|hash| hash.as_bytes().to_vec());
    let hashes: Vec<Option<Vec<u8>>> = visits().map(hash).collect();
    transaction
        .execute(RECORD, &[&keys, &urls, &etags, &modified, &fetched, &statuses, &hashes])
        .await?;
    Ok(())
}

pub(in crate::crawl) async fn visit(client: &Session, url: &str) -> Result<Option<Visit>, Error> {
    let found = client
        .query_opt(
            "SELECT url, etag, last_modified, fetched_at_ms, status, content_hash
             FROM visit WHERE key = $1",
            &[&url_key(url).as_bytes().as_slice()],
        )
        .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Visit {
        url: row.try_get(0)?,
        etag: row.try_get(1)?,
        last_modified: row.try_get(2)?,
        fetched_at_ms: row.try_get(3)?,
        status: u16::try_from(row.try_get::<_, i32>(4)?).unwrap_or_default(),
        content_hash: row.try_get::<_, Option<&[u8]>>(5)?.map(content_hash).transpose()?,
    }))
}
