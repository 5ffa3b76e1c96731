//! The tables of the file, and how it is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::Error;

/// "Cour": tells our files from other SQLite files.
const APPLICATION_ID: i64 = 0x436f_7572;
const VERSION: i64 = 2;
/// How long a reader waits while the log is being moved into the file.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 64;

const TABLES: &str = "
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE article (
    number            INTEGER PRIMARY KEY,
    id                BLOB NOT NULL UNIQUE,
    revision          INTEGER NOT NULL,
    url               TEXT NOT NULL,
    content_hash      BLOB NOT NULL,
    title             TEXT NOT NULL,
    authors           TEXT NOT NULL,
    published_at      TEXT,
    declared_language TEXT,
    language          TEXT,
    site_name         TEXT,
    body              TEXT NOT NULL,
    truncated         INTEGER NOT NULL,
    source            TEXT NOT NULL,
    submission_id     TEXT NOT NULL,
    decision          TEXT NOT NULL,
    syndicated_of     BLOB,
    model             TEXT NOT NULL,
    analysis          TEXT NOT NULL,
    vector            BLOB NOT NULL,
    stored_at_ms      INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE article_text USING fts5 (
    title, body, content = 'article', content_rowid = 'number', tokenize = 'porter unicode61'
);
CREATE TRIGGER article_inserted AFTER INSERT ON article BEGIN
    INSERT INTO article_text (rowid, title, body) VALUES (new.number, new.title, new.body);
END;
CREATE TRIGGER article_updated AFTER UPDATE ON article BEGIN
    INSERT INTO article_text (article_text, rowid, title, body)
    VALUES ('delete', old.number, old.title, old.body);
    INSERT INTO article_text (rowid, title, body) VALUES (new.number, new.title, new.body);
END;

CREATE TABLE fingerprint (
    id            BLOB PRIMARY KEY,
    content_hash  BLOB NOT NULL,
    revision      INTEGER NOT NULL,
    seen          INTEGER NOT NULL,
    decision      TEXT NOT NULL,
    of            BLOB,
    claimed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE known_text (
    content_hash BLOB NOT NULL,
    site         TEXT NOT NULL,
    first        BLOB NOT NULL,
    PRIMARY KEY (content_hash, site)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit (
    key           BLOB PRIMARY KEY,
    url           TEXT NOT NULL,
    etag          TEXT,
    last_modified TEXT,
    fetched_at_ms INTEGER NOT NULL,
    status        INTEGER NOT NULL,
    content_hash  BLOB
) STRICT, WITHOUT ROWID;
";

/// Version 2: the sketches of what was let in, in the order of their coming.
const SKETCHES: &str = "
CREATE TABLE sketch (
    number        INTEGER PRIMARY KEY,
    id            BLOB NOT NULL,
    site          TEXT NOT NULL,
    sketch        BLOB NOT NULL,
    claimed_at_ms INTEGER NOT NULL
) STRICT;
";

/// Opens the file for writing, and brings its tables up to date.
///
/// Every commit is synchronized with the disk: groups of writes share one.
pub(super) fn open_or_create(path: &Path, dimension: usize) -> Result<Connection, Error> {
    let mut connection = Connection::open(path).map_err(|error| cannot_open(path, error))?;
    prepare(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(|e| foreign(path, e))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    if is_new(&transaction)? {
        transaction.execute_batch(TABLES)?;
        transaction
            .execute("INSERT INTO setting VALUES ('dimension', ?1)", [dimension.to_string()])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", 1)?;
    }
    check(&transaction, path, dimension)?;
    migrate(&transaction)?;
    transaction.execute_batch(super::listings::TABLE)?;
    transaction.execute_batch(super::notes::TABLE)?;
    transaction.commit()?;
    Ok(connection)
}

/// Opens a file that is there, for reading.
pub(super) fn open_for_reading(path: &Path, dimension: usize) -> Result<Connection, Error> {
    if !path.exists() {
        return Err(Error::Missing(path.to_owned()));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))?;
    prepare(&connection)?;
    check(&connection, path, dimension)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn migrate(transaction: &Connection) -> Result<(), Error> {
    let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found < 2 {
        transaction.execute_batch(SKETCHES)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// An empty file, or one that SQLite has just made.
fn is_new(connection: &Connection) -> Result<bool, Error> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0)
}

fn check(connection: &Connection, path: &Path, dimension: usize) -> Result<(), Error> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma("application_id").map_err(|e| foreign(path, e))? != APPLICATION_ID {
        return Err(Error::Foreign(path.to_owned()));
    }
    let found = pragma("user_version")?;
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
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
