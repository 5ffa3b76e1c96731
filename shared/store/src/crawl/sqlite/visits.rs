//! The crawler's memory.

use rusqlite::{Connection, OptionalExtension, params};

use crate::columns::{content_hash, url_key};
use crate::crawl::record::Visit;
use crate::error::Error;

pub(in crate::crawl) fn record(connection: &Connection, visits: &[Visit]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO visit (key, url, etag, last_modified, fetched_at_ms, status, content_hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (key) DO UPDATE SET etag = excluded.etag,
             last_modified = excluded.last_modified, fetched_at_ms = excluded.fetched_at_ms,
             status = excluded.status, content_hash = excluded.content_hash
         WHERE excluded.fetched_at_ms >= visit.fetched_at_ms",
    )?;
    for visit in visits {
        statement.execute(params![
            url_key(&visit.url).as_bytes().as_slice(),
            visit.url,
            visit.etag,
            visit.last_modified,
            visit.fetched_at_ms,
            visit.status,
            visit.content_hash.map(|hash| hash.as_bytes().to_vec()),
        ])?;
    }
    Ok(())
}

pub(in crate::crawl) fn visit(connection: &Connection, url: &str) -> Result<Option<Visit>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT url, etag, last_modified, fetched_at_ms, status, content_hash
         FROM visit WHERE key = ?1",
    )?;
    let found = statement.query_row([url_key(url).as_bytes().as_slice()], |row| {
        let visit = Visit {
            url: row.get(0)?,
            etag: row.get(1)?,
            last_modified: row.get(2)?,
            fetched_at_ms: row.get(3)?,
            status: row.get(4)?,
            content_hash: None,
        };
        Ok((visit, row.get::<_, Option<Vec<u8>>>(5)?))
    });
    let Some((visit, hash)) = found.optional()? else {
        return Ok(None);
    };
    Ok(Some(Visit { content_hash: hash.as_deref().map(content_hash).transpose()?, ..visit }))
}
