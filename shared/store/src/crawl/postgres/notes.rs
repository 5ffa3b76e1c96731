//! Notes that the crawler must find again after it was killed.

use std::collections::BTreeMap;

use courant_article::ArticleId;
use tokio_postgres::Row;

use crate::columns::{clean, url_key};
use crate::crawl::lease::Lease;
use crate::crawl::record::{Note, NoteKind};
use crate::error::Error;
use courant_postgres::{Queries, Session, Transaction};

/// Rows without a body are forgotten; no key is in both parts.
const RECORD: &str = "
WITH change AS (
    SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::bigint[],
        $6::text[], $7::bigint[]) AS change (kind, key, name, body, until_ms, domain, epoch)
), forgotten AS (
    DELETE FROM crawl_note USING change
    WHERE change.body IS NULL AND crawl_note.kind = change.kind AND crawl_note.key = change.key
)
INSERT INTO crawl_note (kind, key, name, body, until_ms, domain, epoch)
SELECT kind, key, name, body, until_ms, domain, epoch FROM change WHERE body IS NOT NULL
ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, until_ms = excluded.until_ms,
    domain = excluded.domain, epoch = excluded.epoch";

/// The last change of each note counts, in the order of the keys, so that two
/// batches never lock rows in opposite orders.
fn latest(notes: &[Note]) -> BTreeMap<(&'static str, ArticleId), &Note> {
    notes.iter().map(|note| ((note.kind.as_str(), url_key(&note.name)), note)).collect()
}

pub(in crate::crawl) async fn record(
    transaction: &Transaction<'_>,
    leases: &[Lease],
    notes: &[Note],
) -> Result<(), Error> {
    let latest = latest(notes);
    let epochs = leases.iter().map(|lease| (lease.domain.as_str(), lease.epoch));
    let epochs: BTreeMap<&str, i64> = epochs.collect();
    let kinds: Vec<&str> = latest.keys().map(|(kind, _)| *kind).collect();
    let keys: Vec<&[u8]> = latest.keys().map(|(_, key)| key.as_bytes().as_slice()).collect();
    let names: Vec<String> = latest.values().map(|note| clean(&note.name)).collect();
    let bodies: Vec<_> = latest.values().map(|note| note.body.as_deref().map(clean)).collect();
    let times: Vec<i64> = latest.values().map(|note| note.until_ms).collect();
    let domains: Vec<String> = latest.values().map(|note| clean(&note.domain)).collect();
    let epoch_of = |note: &&Note| epochs.get(note.domain.as_str()).copied().unwrap_or_default();
    let epochs: Vec<i64> = latest.values().map(epoch_of).collect();
    transaction
        .execute(RECORD, &[&kinds, &keys, &names, &bodies, &times, &domains, &epochs])
        .await?;
    Ok(())
}

pub(in crate::crawl) async fn note(
    client: &Session,
    kind: NoteKind,
    name: &str,
) -> Result<Option<Note>, Error> {
    let key = url_key(name);
    let found = client
        .query_opt(
            "SELECT name, body, until_ms, domain FROM crawl_note WHERE kind = $1 AND key = $2",
            &[&kind.as_str(), &key.as_bytes().as_slice()],
        )
        .await?;
    found.map(|row| read(kind, &row)).transpose()
}

pub(in crate::crawl) async fn notes(
    client: &Session,
    kind: NoteKind,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Note>, Error> {
    let after = after.map_or(Vec::new(), |name| url_key(name).as_bytes().to_vec());
    let rows = client
        .query(
            "SELECT name, body, until_ms, domain FROM crawl_note WHERE kind = $1 AND key > $2
             ORDER BY key LIMIT $3",
            &[&kind.as_str(), &after, &limit],
        )
        .await?;
    rows.iter().map(|row| read(kind, row)).collect()
}

pub(in crate::crawl) async fn forget(client: &Session, before_ms: i64) -> Result<(), Error> {
    client.execute("DELETE FROM crawl_note WHERE until_ms < $1", &[&before_ms]).await?;
    Ok(())
}

/// A page that its domain's holder knows of stays as it is.
const HAND_OVER: &str = "
INSERT INTO crawl_note AS note (kind, key, name, body, until_ms, domain)
SELECT 'page', * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::text[])
ON CONFLICT (kind, key) DO UPDATE SET domain = excluded.domain WHERE note.domain = ''";

pub(in crate::crawl) async fn hand_over(client: &Session, pages: &[Note]) -> Result<(), Error> {
    let latest = latest(pages);
    let keys: Vec<&[u8]> = latest.keys().map(|(_, key)| key.as_bytes().as_slice()).collect();
    let notes = || latest.values();
    let names: Vec<String> = notes().map(|note| clean(&note.name)).collect();
    let bodies: Vec<_> = notes().map(|n| clean(n.body.as_deref().unwrap_or_default())).collect();
    let times: Vec<i64> = notes().map(|note| note.until_ms).collect();
    let domains: Vec<String> = notes().map(|note| clean(&note.domain)).collect();
    client.execute(HAND_OVER, &[&keys, &names, &bodies, &times, &domains]).await?;
    Ok(())
}

/// Epochs grow: pages of a former holder, and those that were handed over, are behind.
const ADOPT: &str = "
WITH held AS (
    SELECT * FROM unnest($1::text[], $2::bigint[]) AS held (domain, epoch)
), behind AS (
    SELECT note.key, held.epoch FROM held JOIN crawl_note AS note
        ON note.kind = 'page' AND note.domain = held.domain AND note.epoch < held.epoch
    ORDER BY note.key LIMIT $3 FOR UPDATE OF note
)
UPDATE crawl_note AS note SET epoch = behind.epoch
FROM behind WHERE note.kind = 'page' AND note.key = behind.key
RETURNING note.name, note.body, note.until_ms, note.domain";

pub(in crate::crawl) async fn adopt(
    transaction: &Transaction<'_>,
    leases: &[Lease],
    limit: i64,
) -> Result<Vec<Note>, Error> {
    let domains: Vec<&str> = leases.iter().map(|lease| lease.domain.as_str()).collect();
    let epochs: Vec<i64> = leases.iter().map(|lease| lease.epoch).collect();
    let rows = transaction.query(ADOPT, &[&domains, &epochs, &limit]).await?;
    rows.iter().map(|row| read(NoteKind::Page, row)).collect()
}

pub(in crate::crawl) async fn waiting(
    client: &Session,
    holder: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let rows = client
        .query(
            "SELECT DISTINCT domain FROM crawl_note AS note
             WHERE kind = 'page' AND domain <> '' AND NOT EXISTS (
                 SELECT FROM crawl_lease AS lease WHERE lease.domain = note.domain
                     AND lease.expires_at > clock_timestamp() AND lease.holder <> $1)
             LIMIT $2",
            &[&holder, &limit],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn read(kind: NoteKind, row: &Row) -> Result<Note, Error> {
    Ok(Note {
        kind,
        name: row.try_get(0)?,
        body: row.try_get(1)?,
        until_ms: row.try_get(2)?,
        domain: row.try_get(3)?,
    })
}
