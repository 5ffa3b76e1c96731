//! The table `setting`: what the file remembers about itself.

use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

/// Returns the value of a setting, if it has one.
///
/// # Errors
/// A failure of SQLite.
pub fn get(connection: &Connection, name: &str) -> Result<Option<String>, Error> {
    let query = "SELECT value FROM setting WHERE name = ?1";
    Ok(connection.query_row(query, [name], |row| row.get(0)).optional()?)
}

/// Sets the value of a setting.
///
/// # Errors
/// A failure of SQLite.
pub fn set(connection: &Connection, name: &str, value: &str) -> Result<(), Error> {
    let insert = "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)";
    connection.execute(insert, [name, value])?;
    Ok(())
}
