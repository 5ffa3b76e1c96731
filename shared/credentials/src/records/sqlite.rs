//! The tables in a file. Other processes may write to it at the same time.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use courant_access::AuditEntry;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::row::{Row, VERSION};
use crate::error::Error;

/// The time that a writer waits for another.
const BUSY: Duration = Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE access_record (
    kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, until_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE access_change (number INTEGER NOT NULL);
INSERT INTO access_change VALUES (0);
CREATE TABLE access_audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
    what TEXT NOT NULL, target TEXT NOT NULL, result TEXT NOT NULL, request TEXT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX access_audit_time ON access_audit (at_ms);";

/// Opens the file, and makes its tables where they are absent.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    make_private(path).map_err(|error| {
        let message = format!("cannot make {}: {error}", path.display());
        Error::Sqlite(rusqlite::Error::InvalidPath(message.into()))
    })?;
    let mut file = Connection::open(path)?;
    file.busy_timeout(BUSY)?;
    file.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
    if found == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(file)
}

/// Makes the file for its user alone before SQLite opens it: its journals get the same rights.
fn make_private(path: &Path) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    private().append(true).open(path).map(drop)
}

/// The way to make a file that only its user may read.
pub(super) fn private() -> OpenOptions {
    let mut options = File::options();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

pub(super) fn put(
    file: &mut Connection,
    kind: &str,
    key: &str,
    body: &str,
    until_ms: i64,
) -> Result<(), Error> {
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO access_record VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, until_ms = excluded.until_ms",
        params![kind, key, body, until_ms],
    )?;
    changed(&transaction)?;
    Ok(transaction.commit()?)
}

pub(super) fn remove(file: &mut Connection, kind: &str, key: &str) -> Result<bool, Error> {
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let removed = transaction
        .execute("DELETE FROM access_record WHERE kind = ?1 AND key = ?2", params![kind, key])?;
    changed(&transaction)?;
    transaction.commit()?;
    Ok(removed > 0)
}

fn changed(connection: &Connection) -> Result<(), Error> {
    connection.execute("UPDATE access_change SET number = number + 1", [])?;
    Ok(())
}

pub(super) fn change(file: &mut Connection) -> Result<i64, Error> {
    let mut statement = file.prepare_cached("SELECT number FROM access_change")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?.unwrap_or_default())
}

pub(super) fn all(file: &mut Connection) -> Result<Vec<Row>, Error> {
    let mut statement = file.prepare_cached("SELECT kind, body FROM access_record")?;
    let rows = statement.query_map([], |row| Ok(Row { kind: row.get(0)?, body: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn note(file: &mut Connection, entries: &[AuditEntry]) -> Result<(), Error> {
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO access_audit (at_ms, who, what, target, result, request, address)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for entry in entries {
        let AuditEntry { at_ms, who, what, target, result, request, address } = entry;
        statement.execute(params![at_ms, who, what, target, result, request, address])?;
    }
    drop(statement);
    Ok(transaction.commit()?)
}

pub(super) fn audit(
    file: &mut Connection,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, AuditEntry)>, Error> {
    let mut statement = file.prepare_cached(
        "SELECT number, at_ms, who, what, target, result, request, address FROM access_audit
         WHERE number < ?1 ORDER BY number DESC LIMIT ?2",
    )?;
    let rows = statement.query_map([before, limit], |row| {
        let entry = AuditEntry {
            at_ms: row.get(1)?,
            who: row.get(2)?,
            what: row.get(3)?,
            target: row.get(4)?,
            result: row.get(5)?,
            request: row.get(6)?,
            address: row.get(7)?,
        };
        Ok((row.get(0)?, entry))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn forget(
    file: &mut Connection,
    now_ms: i64,
    audit_from_ms: i64,
    audit_entries: i64,
) -> Result<(), Error> {
    let transaction = file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if transaction.execute("DELETE FROM access_record WHERE until_ms < ?1", [now_ms])? > 0 {
        changed(&transaction)?;
    }
    transaction.execute(
        "DELETE FROM access_audit WHERE at_ms < ?1
             OR number <= (SELECT coalesce(max(number), 0) FROM access_audit) - ?2",
        [audit_from_ms, audit_entries],
    )?;
    Ok(transaction.commit()?)
}
