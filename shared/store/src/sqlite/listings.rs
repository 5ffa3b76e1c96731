//! The crawler's timetable.

use rusqlite::{Connection, OptionalExtension, params};

use crate::row::{content_hash, json, parsed, url_key};
use crate::{Error, Listing};

/// Made where it is absent: files of before go on as they are.
pub(super) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS listing (
    key              BLOB PRIMARY KEY,
    url              TEXT NOT NULL,
    kind             TEXT NOT NULL,
    checked_at_ms    INTEGER NOT NULL,
    next_check_at_ms INTEGER NOT NULL,
    interval_s       INTEGER NOT NULL,
    failures         INTEGER NOT NULL,
    problem          TEXT,
    fingerprint      BLOB,
    leads_to         TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

pub(super) fn record(connection: &Connection, listing: &Listing) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO listing (key, url, kind, checked_at_ms, next_check_at_ms, interval_s, failures,
             problem, fingerprint, leads_to)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (key) DO UPDATE SET kind = excluded.kind,
             checked_at_ms = excluded.checked_at_ms,
             next_check_at_ms = excluded.next_check_at_ms, interval_s = excluded.interval_s,
             failures = excluded.failures, problem = excluded.problem,
             fingerprint = excluded.fingerprint, leads_to = excluded.leads_to
         WHERE excluded.checked_at_ms >= listing.checked_at_ms",
    )?;
    statement.execute(params![
        url_key(&listing.url).as_bytes().as_slice(),
        listing.url,
        listing.kind,
        listing.checked_at_ms,
        listing.next_check_at_ms,
        i64::try_from(listing.interval_s).unwrap_or(i64::MAX),
        listing.failures,
        listing.problem,
        listing.fingerprint.map(|hash| hash.as_bytes().to_vec()),
        json(&listing.leads_to)?,
    ])?;
    Ok(())
}

pub(super) fn listing(connection: &Connection, url: &str) -> Result<Option<Listing>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT url, kind, checked_at_ms, next_check_at_ms, interval_s, failures, problem,
             fingerprint, leads_to
         FROM listing WHERE key = ?1",
    )?;
    let found = statement.query_row([url_key(url).as_bytes().as_slice()], |row| {
        let listing = Listing {
            url: row.get(0)?,
            kind: row.get(1)?,
            checked_at_ms: row.get(2)?,
            next_check_at_ms: row.get(3)?,
            interval_s: u64::try_from(row.get::<_, i64>(4)?).unwrap_or_default(),
            failures: row.get(5)?,
            problem: row.get(6)?,
            fingerprint: None,
            leads_to: Vec::new(),
        };
        Ok((listing, row.get::<_, Option<Vec<u8>>>(7)?, row.get::<_, String>(8)?))
    });
    let Some((listing, hash, leads_to)) = found.optional()? else {
        return Ok(None);
    };
    let fingerprint = hash.as_deref().map(content_hash).transpose()?;
    Ok(Some(Listing { fingerprint, leads_to: parsed("leads_to", &leads_to)?, ..listing }))
}
