//! The crawler's timetable.

use rusqlite::{Connection, params};

use crate::columns::{content_hash, json, parsed, url_key};
use crate::crawl::record::{Listing, SourceHealth};
use crate::error::Error;

pub(in crate::crawl) fn record(connection: &Connection, listing: &Listing) -> Result<(), Error> {
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

pub(in crate::crawl) fn forget(connection: &Connection, urls: &[String]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("DELETE FROM listing WHERE key = ?1")?;
    for url in urls {
        statement.execute([url_key(url).as_bytes().as_slice()])?;
    }
    Ok(())
}

pub(in crate::crawl) fn make_due(
    connection: &Connection,
    urls: &[String],
    at_ms: i64,
) -> Result<usize, Error> {
    let mut statement =
        connection.prepare_cached("UPDATE listing SET next_check_at_ms = ?2 WHERE key = ?1")?;
    let mut known = 0;
    for url in urls {
        known += statement.execute(params![url_key(url).as_bytes().as_slice(), at_ms])?;
    }
    Ok(known)
}

const COLUMNS: &str = "url, kind, checked_at_ms, next_check_at_ms, interval_s, failures, problem,
    fingerprint, leads_to";

pub(in crate::crawl) fn listing(
    connection: &Connection,
    url: &str,
) -> Result<Option<Listing>, Error> {
    let query = format!("SELECT {COLUMNS} FROM listing WHERE key = ?1");
    let found = read(connection, &query, params![url_key(url).as_bytes().as_slice()])?;
    Ok(found.into_iter().next())
}

pub(in crate::crawl) fn listings(
    connection: &Connection,
    after: &str,
    limit: i64,
) -> Result<Vec<Listing>, Error> {
    let query = format!("SELECT {COLUMNS} FROM listing WHERE url > ?1 ORDER BY url LIMIT ?2");
    read(connection, &query, params![after, limit])
}

/// A file of before, opened for reading, may have no such table: nothing of it is
/// known then.
pub(in crate::crawl) fn health(connection: &Connection, limit: i64) -> Result<SourceHealth, Error> {
    let query = "SELECT count(*) FROM sqlite_schema WHERE name = 'listing'";
    if connection.query_row(query, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(SourceHealth::default());
    }
    let query = "SELECT count(*), coalesce(sum(failures > 0), 0) FROM listing";
    let (listings, failing): (i64, i64) =
        connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let query = format!(
        "SELECT {COLUMNS} FROM listing WHERE failures > 0 ORDER BY failures DESC, url LIMIT ?1"
    );
    Ok(SourceHealth {
        listings: u64::try_from(listings).unwrap_or_default(),
        failing: u64::try_from(failing).unwrap_or_default(),
        worst: read(connection, &query, params![limit])?,
    })
}

fn read(
    connection: &Connection,
    query: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<Listing>, Error> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(values)?;
    let mut listings = Vec::new();
    while let Some(row) = rows.next()? {
        let hash: Option<Vec<u8>> = row.get(7)?;
        listings.push(Listing {
            url: row.get(0)?,
            kind: row.get(1)?,
            checked_at_ms: row.get(2)?,
            next_check_at_ms: row.get(3)?,
            interval_s: u64::try_from(row.get::<_, i64>(4)?).unwrap_or_default(),
            failures: row.get(5)?,
            problem: row.get(6)?,
            fingerprint: hash.as_deref().map(content_hash).transpose()?,
            leads_to: parsed("leads_to", &row.get::<_, String>(8)?)?,
        });
    }
    Ok(listings)
}
