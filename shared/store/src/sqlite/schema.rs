//! The file: how it is opened, and how its tables come to be.

use std::path::Path;
use std::time::Duration;

use courant_file_vectors::tables::complete_codes;
use courant_host::FileIdentity;
use courant_salvage::open_for_reading_only;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::articles::encoder::name_by_articles;
use crate::articles::facts;
use crate::error::Error;
use crate::ladder::{SQLITE, SchemaVersions};

/// "Cour", set by the first step: tells our files from other SQLite files.
const APPLICATION_ID: i64 = 0x436f_7572;
/// The time that a reader waits while the log is being moved into the file.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 64;

/// Opens the file for writing, and takes the steps that its tables lack, in one
/// transaction. The caller holds the lock that keeps other processes out.
///
/// Every commit is synchronized with the disk: groups of writes share one.
pub(super) fn open_or_create(path: &Path, dimension: usize) -> Result<Connection, Error> {
    let mut connection = Connection::open(path).map_err(|error| cannot_open(path, error))?;
    prepare(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|e| foreign(path, e))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted text is overwritten, not only forgotten.
    connection.pragma_update(None, "secure_delete", "ON")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in SQLITE.missing(schema(&transaction, path)?.found)? {
        transaction.execute_batch(&step.sql(dimension))?;
        if step.number == facts::STEP {
            let unreadable = facts::sqlite::remake(&transaction)?.len();
            if unreadable > 0 {
                tracing::warn!(unreadable, "articles cannot be read; run courant check");
            }
        }
        transaction.pragma_update(None, "user_version", step.number)?;
    }
    check_dimension(&transaction, dimension)?;
    name_history(&transaction, path)?;
    complete_codes(&transaction)?;
    name_by_articles(&transaction)?;
    // No other process writes here: the crawlers of former ones are gone.
    transaction
        .execute_batch("UPDATE crawl_lease SET expires_at_ms = 0; DELETE FROM crawl_holder;")?;
    transaction.commit()?;
    Ok(connection)
}

/// A copy of a file begins a history of its own: it gets another epoch.
fn name_history(connection: &Connection, path: &Path) -> Result<(), Error> {
    let file = FileIdentity::of(path).map_err(|_| Error::Gone(path.to_owned()))?;
    let number = file.number().to_string();
    let query = "SELECT value FROM setting WHERE name = 'file'";
    let known: Option<String> = connection.query_row(query, [], |row| row.get(0)).optional()?;
    if known.as_ref() == Some(&number) {
        return Ok(());
    }
    connection.execute("INSERT OR REPLACE INTO setting VALUES ('file', ?1)", [number])?;
    if known.is_some() {
        connection.execute_batch(
            "UPDATE setting SET value = lower(hex(randomblob(8))) WHERE name = 'epoch'",
        )?;
    }
    Ok(())
}

/// Opens a file that is there, for reading.
pub(super) fn open_for_reading(path: &Path, dimension: usize) -> Result<Connection, Error> {
    let connection = open_to_look(path)?;
    let found = schema(&connection, path)?.check()?;
    if found.found == 0 {
        return Err(Error::Foreign(path.to_owned()));
    }
    if found.is_pending() {
        return Err(Error::Older { found: found.found, known: found.known });
    }
    check_dimension(&connection, dimension)?;
    Ok(connection)
}

/// The version of the tables of a file that is there, which stay as they are.
pub(super) fn schema_of(path: &Path) -> Result<SchemaVersions, Error> {
    schema(&open_to_look(path)?, path)
}

/// A connection for reading, whatever the tables are.
pub(super) fn open_to_look(path: &Path) -> Result<Connection, Error> {
    if !path.exists() {
        return Err(Error::Missing(path.to_owned()));
    }
    let connection = open_for_reading_only(path).map_err(|error| cannot_open(path, error))?;
    prepare(&connection)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// The version of the tables; 0 in an empty file, or one that SQLite has just made.
fn schema(connection: &Connection, path: &Path) -> Result<SchemaVersions, Error> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let is_ours = pragma("application_id").map_err(|e| foreign(path, e))? == APPLICATION_ID;
    if is_ours {
        return Ok(SQLITE.schema(pragma("user_version")?));
    }
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 { Ok(SQLITE.schema(0)) } else { Err(Error::Foreign(path.to_owned())) }
}

fn check_dimension(connection: &Connection, dimension: usize) -> Result<(), Error> {
    let query = "SELECT value FROM setting WHERE name = 'dimension'";
    let stored: String = connection.query_row(query, [], |row| row.get(0))?;
    match stored.parse() {
        Ok(stored) if stored == dimension => Ok(()),
        Ok(stored) => Err(Error::StoredDimension { stored, configured: dimension }),
        Err(_) => Err(Error::Corrupt(format!("the dimension is {stored:?}"))),
    }
}

fn foreign(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::Foreign(path.to_owned()),
        _ => error.into(),
    }
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) => {
            let source = std::io::Error::other(error);
            Error::Open { path: path.to_owned(), source: std::sync::Arc::new(source) }
        }
        _ => foreign(path, error),
    }
}
