//! Notes that the crawler must find again after it was killed.

use rusqlite::{Connection, OptionalExtension, params};

use crate::columns::url_key;
use crate::crawl::record::{Note, NoteKind};
use crate::error::Error;

pub(in crate::crawl) fn record(connection: &Connection, notes: &[Note]) -> Result<(), Error> {
    let mut keep = connection.prepare_cached(
        "INSERT INTO crawl_note (kind, key, name, body, until_ms) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, until_ms = excluded.until_ms",
    )?;
    let mut forget =
        connection.prepare_cached("DELETE FROM crawl_note WHERE kind = ?1 AND key = ?2")?;
    for note in notes {
        let (kind, key) = (note.kind.as_str(), url_key(&note.name));
        let key = key.as_bytes().as_slice();
        match &note.body {
            Some(body) => keep.execute(params![kind, key, note.name, body, note.until_ms])?,
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
        "SELECT name, body, until_ms FROM crawl_note WHERE kind = ?1 AND key = ?2",
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
        "SELECT name, body, until_ms FROM crawl_note WHERE kind = ?1 AND key > ?2
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

fn read(kind: NoteKind, row: &rusqlite::Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note { kind, name: row.get(0)?, body: row.get(1)?, until_ms: row.get(2)? })
}
