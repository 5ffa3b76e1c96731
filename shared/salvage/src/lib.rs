//! Saves what is whole of a damaged SQLite file: each row that can be read is copied into a
//! new file, which takes the place of the damaged one. That is kept beside it.
//!
//! SQLite's own `.recover` is a part of its shell, not of the library.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Reads every page of `file`, and returns the damage in SQLite's words, at most 100 lines.
///
/// # Errors
/// If the file cannot even be looked through.
pub fn damage(file: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut check = file.prepare("PRAGMA integrity_check(100)")?;
    let lines = check.query_map([], |row| row.get::<_, String>(0))?;
    let lines: Vec<String> = lines.collect::<rusqlite::Result<_>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Rows of a table of a damaged file, on their way into the same table of a new one. That
/// may have more columns, which keep their defaults.
#[derive(Debug)]
pub struct Rows<'a> {
    damaged: &'a Connection,
    fresh: &'a Connection,
    table: &'a str,
    select: String,
}

impl<'a> Rows<'a> {
    /// The rows of `table` that are `between` two keys: a condition of SQL on `?1` and `?2`.
    pub fn new(
        damaged: &'a Connection,
        fresh: &'a Connection,
        table: &'a str,
        between: &str,
    ) -> Self {
        let select = format!("SELECT * FROM {table} WHERE {between}");
        Self { damaged, fresh, table, select }
    }

    /// Copies the table as a whole. Returns false where some of its rows cannot be read.
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

    /// Copies the rows from `first` to `last`, in halves down to those that cannot be read.
    /// `keys` turns two of these numbers into the keys that stand for them.
    ///
    /// # Errors
    /// If the new file cannot be written.
    pub fn copy_in_halves(
        &self,
        first: i64,
        last: i64,
        keys: impl Fn(i64, i64) -> [Value; 2],
    ) -> rusqlite::Result<()> {
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

/// Names the new file for the one at `path`, and removes what a repair that was broken off
/// left there.
///
/// # Errors
/// If that cannot be removed.
pub fn new_file_for(path: &Path) -> io::Result<PathBuf> {
    let fresh = path.with_extension("repaired");
    for file in files(&fresh).iter().filter(|file| file.exists()) {
        std::fs::remove_file(file)?;
    }
    Ok(fresh)
}

/// Puts the closed file `fresh` in the place of the one at `path`. Returns the name under
/// which that is kept.
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
        assert!(Rows::copy_table(&old, &fresh, "a").unwrap());
        assert!(!Rows::copy_table(&old, &fresh, "absent").unwrap(), "nothing can be read");
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
