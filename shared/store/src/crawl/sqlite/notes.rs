//! Notes that the crawler must find again after it was killed.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::columns::url_key;
use crate::crawl::lease::Lease;
use crate::crawl::record::{Note, NoteKind};
use crate::error::Error;

pub(in crate::crawl) fn record(
    connection: &Connection,
    leases: &[Lease],
    notes: &[Note],
) -> Result<(), Error> {
    let epochs = leases.iter().map(|lease| (lease.domain.as_str(), lease.epoch));
    let epochs: HashMap<&str, i64> = epochs.collect();
    let mut keep = connection.prepare_cached(
        "INSERT INTO crawl_note (kind, key, name, body, until_ms, domain, epoch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, until_ms = excluded.until_ms,
             domain = excluded.domain, epoch = excluded.epoch",
    )?;
    let mut forget =
        connection.prepare_cached("DELETE FROM crawl_note WHERE kind = ?1 AND key = ?2")?;
    for note in notes {
        let (kind, key) = (note.kind.as_str(), url_key(&note.name));
        let key = key.as_bytes().as_slice();
        match &note.body {
            Some(body) => {
                let epoch = epochs.get(note.domain.as_str()).copied().unwrap_or_default();
                let (name, domain) = (&note.name, &note.domain);
                keep.execute(params![kind, key, name, body, note.until_ms, domain, epoch])?
            }
            None => forget.execute(params![kind, key])?,
        };
    }
    Ok(())
}

pub(in crate::crawl) fn note(
    connection: &Connection,
    kind: NoteKind,
    name: &str,
) -> Result<Option<Note>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT name, body, until_ms, domain FROM crawl_note WHERE kind = ?1 AND key = ?2",
    )?;
    let key = url_key(name);
    let found = statement
        .query_row(params![kind.as_str(), key.as_bytes().as_slice()], |row| read(kind, row));
    Ok(found.optional()?)
}

pub(in crate::crawl) fn notes(
    connection: &Connection,
    kind: NoteKind,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<Note>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT name, body, until_ms, domain FROM crawl_note WHERE kind = ?1 AND key > ?2
         ORDER BY key LIMIT ?3",
    )?;
    let after = after.map_or(Vec::new(), |name| url_key(name).as_bytes().to_vec());
    let rows = statement.query_map(params![kind.as_str(), after, limit], |row| read(kind, row))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(in crate::crawl) fn forget(connection: &Connection, before_ms: i64) -> Result<(), Error> {
    connection.execute("DELETE FROM crawl_note WHERE until_ms < ?1", [before_ms])?;
    Ok(())
}

/// A page that its domain's holder knows of stays as it is.
pub(in crate::crawl) fn hand_over(connection: &Connection, pages: &[Note]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO crawl_note AS note (kind, key, name, body, until_ms, domain)
         VALUES ('page', ?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, key) DO UPDATE SET domain = excluded.domain WHERE note.domain = ''",
    )?;
    for page in pages {
        let (key, body) = (url_key(&page.name), page.body.as_deref().unwrap_or_default());
        let key = key.as_bytes().as_slice();
        statement.execute(params![key, page.name, body, page.until_ms, page.domain])?;
    }
    Ok(())
}

/// Epochs grow: pages of a former holder, and those that were handed over, are behind.
pub(in crate::crawl) fn adopt(
    connection: &Connection,
    leases: &[Lease],
    limit: usize,
) -> Result<Vec<Note>, Error> {
    let mut statement = connection.prepare_cached(
        "UPDATE crawl_note SET epoch = ?2 WHERE kind = 'page' AND key IN (
             SELECT key FROM crawl_note
             WHERE kind = 'page' AND domain = ?1 AND epoch < ?2 LIMIT ?3)
         RETURNING name, body, until_ms, domain",
    )?;
    let mut adopted = Vec::new();
    for lease in leases {
        let room = i64::try_from(limit - adopted.len()).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![lease.domain, lease.epoch, room], |row| read(NoteKind::Page, row))?;
        for page in rows {
            adopted.push(page?);
        }
    }
    Ok(adopted)
}

pub(in crate::crawl) fn waiting(
    connection: &Connection,
    holder: &str,
    limit: i64,
    now_ms: i64,
) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT domain FROM crawl_note AS note
         WHERE kind = 'page' AND domain <> '' AND NOT EXISTS (
             SELECT 1 FROM crawl_lease AS lease WHERE lease.domain = note.domain
                 AND lease.expires_at_ms > ?2 AND lease.holder <> ?1)
         LIMIT ?3",
    )?;
    let rows = statement.query_map(params![holder, now_ms, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(kind: NoteKind, row: &rusqlite::Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        kind,
        name: row.get(0)?,
        body: row.get(1)?,
        until_ms: row.get(2)?,
        domain: row.get(3)?,
    })
}
