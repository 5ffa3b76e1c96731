//! Notes that the crawler must find again after it was killed.

use std::collections::BTreeMap;

use courant_article::ArticleId;
use deadpool_postgres::Client;
use tokio_postgres::Row;

use crate::columns::{clean, url_key};
use crate::crawl::record::{Note, NoteKind};
use crate::error::Error;

/// Rows without a body are forgotten; no key is in both parts.
const RECORD: &str = "
WITH change AS (
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::bigint[])
        AS change (kind, key, name, body, until_ms)
), forgotten AS (
    DELETE FROM crawl_note USING change
    WHERE change.body IS NULL AND crawl_note.kind = change.kind AND crawl_note.key = change.key
)
INSERT INTO crawl_note (kind, key, name, body, until_ms)
SELECT kind, key, name, body, until_ms FROM change WHERE body IS NOT NULL
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, until_ms = excluded.until_ms";

/// The last change of each note counts, in the order of the keys, so that two
/// batches never lock rows in opposite orders.
fn latest(notes: &[Note]) -> BTreeMap<(&'static str, ArticleId), &Note> {
    notes.iter().map(|note| ((note.kind.as_str(), url_key(&note.name)), note)).collect()
}

pub(in crate::crawl) async fn record(client: &Client, notes: &[Note]) -> Result<(), Error> {
    let latest = latest(notes);
    let kinds: Vec<&str> = latest.keys().map(|(kind, _)| *kind).collect();
    let keys: Vec<&[u8]> = latest.keys().map(|(_, key)| key.as_bytes().as_slice()).collect();
    let names: Vec<String> = latest.values().map(|note| clean(&note.name)).collect();
    let bodies: Vec<_> = latest.values().map(|note| note.body.as_deref().map(clean)).collect();
    let times: Vec<i64> = latest.values().map(|note| note.until_ms).collect();
    let statement = client.prepare_cached(RECORD).await?;
    client.execute(&statement, &[&kinds, &keys, &names, &bodies, &times]).await?;
    Ok(())
}

pub(in crate::crawl) async fn note(
    client: &Client,
    kind: NoteKind,
    name: &str,
) -> Result<Option<Note>, Error> {
    let statement = client
        .prepare_cached("SELECT name, body, until_ms FROM crawl_note WHERE kind = $1 AND key = $2")
        .await?;
    let key = url_key(name);
    let found = client.query_opt(&statement, &[&kind.as_str(), &key.as_bytes().as_slice()]).await?;
    found.map(|row| read(kind, &row)).transpose()
}

pub(in crate::crawl) async fn notes(
    client: &Client,
    kind: NoteKind,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Note>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT name, body, until_ms FROM crawl_note WHERE kind = $1 AND key > $2
             ORDER BY key LIMIT $3",
        )
        .await?;
    let after = after.map_or(Vec::new(), |name| url_key(name).as_bytes().to_vec());
    let rows = client.query(&statement, &[&kind.as_str(), &after, &limit]).await?;
    rows.iter().map(|row| read(kind, row)).collect()
}

pub(in crate::crawl) async fn forget(client: &Client, before_ms: i64) -> Result<(), Error> {
    let statement = client.prepare_cached("DELETE FROM crawl_note WHERE until_ms < $1").await?;
    client.execute(&statement, &[&before_ms]).await?;
    Ok(())
}

fn read(kind: NoteKind, row: &Row) -> Result<Note, Error> {
    Ok(Note { kind, name: row.try_get(0)?, body: row.try_get(1)?, until_ms: row.try_get(2)? })
}
