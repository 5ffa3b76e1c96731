//! Saves the readable rows of a damaged SQLite file. They are copied into a new file that
//! replaces the damaged one, which is kept beside it.
//!
//! SQLite's own `.recover` is a part of its shell, not of the library.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};

/// Reads every page of `file`, and returns the damage as SQLite describes it, at most 100
/// lines.
///
/// # Errors
/// If the file cannot be checked at all.
pub fn damage(file: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = file.prepare("PRAGMA integrity_check(100)")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Opens a file read-only. This also works in a folder without write permission, if the log is
/// empty: SQLite needs an index file beside a log, which it could not create there.
///
/// # Errors
/// If it cannot be opened. If the log holds changes and the folder is not writable, the message
/// says what to do.
pub fn open_for_reading_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file = Connection::open_with_flags(path, flags)?;
    match file.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)) {
        Err(error) if needs_a_place_to_write(&error) => open_unchanging(path, flags),
        _ => Ok(file),
    }
}

fn needs_a_place_to_write(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

fn open_unchanging(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let [_, log, _] = files(path);
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let reason = "its log holds changes; copy the folder to where it can be written";
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        return Err(rusqlite::Error::SqliteFailure(code, Some(reason.to_owned())));
    }
    let name = path.to_string_lossy();
    let name = name.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let name = format!("file:{name}?immutable=1");
    Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_URI)
}

/// A damaged file, open for reading.
#[derive(Debug)]
pub struct Damaged {
    file: Option<Connection>,
    /// A copy with a new file header, which is removed with this value.
    copy: Option<PathBuf>,
}

impl Damaged {
    /// Opens the file at `path`. If its file header is damaged, SQLite cannot read it: then a
    /// copy with a new header is read. `version` is the `user_version` of the file.
    ///
    /// # Errors
    /// If the file cannot be opened, or the copy cannot be made.
    pub fn open(path: &Path, version: i64) -> io::Result<Self> {
        // Closing a file that was opened for writing moves its log into it.
        let file = open_for_reading_only(path).map_err(io::Error::other)?;
        if has_tables(&file) {
            return Ok(Self { file: Some(file), copy: None });
        }
        drop(file);
        let copy = fresh_name(path, "head")?;
        let mut damaged = Self { file: None, copy: Some(copy.clone()) };
        for (from, to) in files(path).iter().zip(files(&copy)).take(2) {
            if from.exists() {
                std::fs::copy(from, to)?;
            }
        }
        let mut file = File::options().read(true).write(true).open(&copy)?;
        let pages = file.metadata()?.len() / PAGE_BYTES;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&head(pages, version))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        damaged.file = Some(Connection::open_with_flags(&copy, flags).map_err(io::Error::other)?);
        Ok(damaged)
    }
}

impl Drop for Damaged {
    fn drop(&mut self) {
        self.file = None;
        if let Some(copy) = &self.copy {
            // The next repair removes it, too.
            drop(remove(copy));
        }
    }
}

impl Deref for Damaged {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.file.as_ref().expect("is open until it is dropped")
    }
}

fn has_tables(file: &Connection) -> bool {
    file.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0)).is_ok()
}

/// The size that SQLite gives its pages unless it is told otherwise.
const PAGE_BYTES: u64 = 4096;

/// The head of a file in WAL mode, by the file format of SQLite (section 1.3), with no free
/// pages known.
fn head(pages: u64, version: i64) -> [u8; 100] {
    let mut head = [0; 100];
    let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
    let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    put(0, b"SQLite format 3\0");
    put(16, &u16::try_from(PAGE_BYTES).unwrap_or(1).to_be_bytes());
    // Written and read with a log, no bytes reserved, the fixed fractions of a payload.
    put(18, &[2, 2, 0, 64, 32, 32]);
    // The counter of changes, and again at 92: the number of pages is valid.
    put(24, &number(1));
    put(28, &number(pages));
    // The schema's cookie, its format, UTF-8.
    put(40, &number(1));
    put(44, &number(4));
    put(56, &number(1));
    put(60, &number(version.unsigned_abs()));
    put(92, &number(1));
    put(96, &number(3_045_000));
    head
}

/// The rows of a table in a damaged file, which are copied into the same table of a new file.
/// The new table may have more columns, which get their defaults.
#[derive(Debug)]
pub struct Rows<'a> {
    damaged: &'a Connection,
    fresh: &'a Connection,
    table: &'a str,
    select: String,
}

impl<'a> Rows<'a> {
    /// Selects the rows of `table` between two keys. `between` is an SQL condition on `?1` and
    /// `?2`.
    pub fn new(
        damaged: &'a Connection,
        fresh: &'a Connection,
        table: &'a str,
        between: &str,
    ) -> Self {
        let select = format!("SELECT * FROM {table} WHERE {between}");
        Self { damaged, fresh, table, select }
    }

    /// Copies the whole table. Returns false if some of its rows cannot be read.
    ///
    /// # Errors
    /// If the new file cannot be written.
    pub fn copy_table(
        damaged: &'a Connection,
        fresh: &'a Connection,
        table: &'a str,
    ) -> rusqlite::Result<bool> {
        let rows = Self::new(damaged, fresh, table, "?1 IS NULL AND ?2 IS NULL");
        rows.copy([Value::Null, Value::Null])
    }

    /// Copies the rows from `first` to `last`. A range that cannot be read is halved until only
    /// the unreadable rows are left out. `keys` converts two numbers into the keys of their
    /// rows.
    ///
    /// # Errors
    /// If the new file cannot be written.
    pub fn copy_in_halves(
        &self,
        first: i64,
        last: i64,
        keys: impl Fn(i64, i64) -> [Value; 2],
    ) -> rusqlite::Result<()> {
        // Without the table's entry in the schema, no range can be read.
        if self.damaged.prepare_cached(&self.select).is_err() {
            return Ok(());
        }
        let mut ranges = vec![(first, last)];
        while let Some((first, last)) = ranges.pop() {
            if !self.copy(keys(first, last))? && first < last {
                let middle = first + (last - first) / 2;
                ranges.extend([(middle + 1, last), (first, middle)]);
            }
        }
        Ok(())
    }

    /// Returns false where some of the rows cannot be read.
    fn copy(&self, keys: [Value; 2]) -> rusqlite::Result<bool> {
        let Ok(mut select) = self.damaged.prepare_cached(&self.select) else { return Ok(false) };
        let columns = select.column_count();
        let names: Vec<&str> = select.column_names().collect();
        let (names, places) = (names.join(", "), vec!["?"; columns].join(", "));
        let table = self.table;
        let insert = format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})");
        let mut insert = self.fresh.prepare_cached(&insert)?;
        let Ok(mut rows) = select.query(keys) else { return Ok(false) };
        loop {
            let Ok(row) = rows.next() else { return Ok(false) };
            let Some(row) = row else { return Ok(true) };
            let values = (0..columns).map(|column| row.get::<_, Value>(column));
            let Ok(values) = values.collect::<rusqlite::Result<Vec<_>>>() else { return Ok(false) };
            insert.execute(params_from_iter(values))?;
        }
    }
}

/// Returns the path of the new file for the one at `path`, and removes the remains of an
/// interrupted repair.
///
/// # Errors
/// If these cannot be removed.
pub fn new_file_for(path: &Path) -> io::Result<PathBuf> {
    fresh_name(path, "repaired")
}

fn fresh_name(path: &Path, extension: &str) -> io::Result<PathBuf> {
    let fresh = path.with_extension(extension);
    remove(&fresh)?;
    Ok(fresh)
}

/// Removes what there is of a file.
fn remove(path: &Path) -> io::Result<()> {
    files(path).iter().filter(|file| file.exists()).try_for_each(std::fs::remove_file)
}

/// Replaces the file at `path` by the closed file `fresh`. Returns the path under which the old
/// file is kept.
///
/// # Errors
/// If a file cannot be renamed.
pub fn put_in_place(fresh: &Path, path: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    let kept_at = loop {
        let name = path.with_extension(format!("damaged-{number}"));
        if !name.exists() {
            break name;
        }
        number += 1;
    };
    for (from, to) in files(path).iter().zip(files(&kept_at)) {
        if from.exists() {
            std::fs::rename(from, to)?;
        }
    }
    std::fs::rename(fresh, path)?;
    Ok(kept_at)
}

/// The names that belong to a file.
fn files(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        name.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_table_with_fewer_columns_are_copied_once() {
        let (old, fresh) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory());
        let fresh = fresh.unwrap();
        old.execute_batch("CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT)").unwrap();
        old.execute_batch("INSERT INTO a VALUES (1, 'x'), (2, 'y'), (9, 'z')").unwrap();
        let table = "CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT, added INTEGER DEFAULT 7)";
        fresh.execute_batch(table).unwrap();
        let rows = Rows::new(&old, &fresh, "a", "n BETWEEN ?1 AND ?2");
        for _ in 0..2 {
            rows.copy_in_halves(1, 2, |first, last| [first.into(), last.into()]).unwrap();
        }
        let count = "SELECT count(*) || t || added FROM a WHERE n = 2";
        let found: String = fresh.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!(found, "1y7");
        let absent = Rows::new(&old, &fresh, "absent", "n BETWEEN ?1 AND ?2");
        let keys = |first: i64, last: i64| [first.into(), last.into()];
        absent.copy_in_halves(i64::MIN / 2, i64::MAX / 2, keys).unwrap();
        assert!(Rows::copy_table(&old, &fresh, "a").unwrap());
        assert!(!Rows::copy_table(&old, &fresh, "absent").unwrap(), "nothing can be read");
    }

    #[test]
    fn a_file_without_its_head_is_read_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let whole = Connection::open(&path).unwrap();
        whole.pragma_update(None, "journal_mode", "WAL").unwrap();
        let fill = "CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT);
            WITH RECURSIVE number (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number LIMIT 500)
            INSERT INTO a SELECT n, printf('%0100d', n) FROM number;
            PRAGMA user_version = 6";
        whole.execute_batch(fill).unwrap();
        drop(whole);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[..100].fill(0xa5);
        std::fs::write(&path, &bytes).unwrap();
        let damaged = Damaged::open(&path, 6).unwrap();
        let count = |query| damaged.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM a WHERE length(t) = 100"), 500);
        assert_eq!(count("PRAGMA user_version"), 6);
        drop(damaged);
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_kept_under_a_name_that_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        for (number, content) in ["first", "second"].iter().enumerate() {
            std::fs::write(&path, content).unwrap();
            let fresh = new_file_for(&path).unwrap();
            std::fs::write(&fresh, "new").unwrap();
            let kept_at = put_in_place(&fresh, &path).unwrap();
            assert_eq!(kept_at, folder.path().join(format!("a.damaged-{}", number + 1)));
            assert_eq!(std::fs::read_to_string(kept_at).unwrap(), *content);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        }
    }
}
