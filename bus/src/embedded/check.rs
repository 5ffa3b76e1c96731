//! Checks a spool, and saves the readable part of a damaged one.

use std::path::{Path, PathBuf};

use courant_salvage::{Damaged, Rows, damage, new_file_for, open_for_reading_only, put_in_place};
use rusqlite::Connection;
use serde::Serialize;

use super::tables::{FORMAT, make};
use crate::error::SpoolError;

/// The state of a spool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SpoolCheck {
    /// Messages that wait in work queues.
    pub waiting: u64,
    /// Kept events and dead letters.
    pub kept: u64,
    /// Descriptions of the damage. Empty if the spool is intact.
    pub problems: Vec<String>,
}

/// The outcome of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SpoolRepair {
    /// Messages in the new spool, waiting or kept.
    pub saved: u64,
    /// Messages whose rows cannot be read, as far as they can be counted. The store knows which
    /// articles were lost with them, and accepts these articles when they are submitted again.
    pub lost: u64,
    /// The damaged file.
    pub kept_at: PathBuf,
}

/// Checks every page of the spool at `path`. Blocks.
///
/// # Errors
/// [`SpoolError::InUse`] while a process has the spool open: that process can call
/// [`crate::Bus::check_spool`]. Other errors if the spool cannot be opened.
pub fn check_spool(path: &Path) -> Result<SpoolCheck, SpoolError> {
    if !path.exists() {
        return Err(SpoolError::Gone(path.to_owned()));
    }
    let file = open_for_reading_only(path)?;
    let is_open = file.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match is_open.map_err(SpoolError::from) {
        Err(SpoolError::InUse) => Err(SpoolError::InUse),
        _ => Ok(check(&file, path)),
    }
}

/// Checks every page of `file`, which is the spool at `path`.
pub(super) fn check(file: &Connection, path: &Path) -> SpoolCheck {
    let mut problems = damage(file).unwrap_or_else(|error| vec![error.to_string()]);
    let count = |query: &str| file.query_row(query, [], |row| row.get::<_, u64>(0));
    let bodiless = "SELECT count(*) FROM messages LEFT JOIN bodies USING (seq)
        WHERE state IN (0, 2) AND bodies.seq IS NULL";
    match count(bodiless) {
        Ok(0) => {}
        Ok(messages) => problems.push(format!("{messages} messages have no body")),
        Err(error) => problems.push(error.to_string()),
    }
    // A count that fails has been named above.
    SpoolCheck {
        waiting: count("SELECT count(*) FROM messages WHERE state = 0").unwrap_or(0),
        kept: count("SELECT count(*) FROM messages WHERE state = 2").unwrap_or(0),
        problems: problems
            .into_iter()
            .map(|found| format!("{}: {found}", path.display()))
            .collect(),
    }
}

/// Replaces the spool at `path` by a new one that holds every readable message. The damaged
/// file is kept beside it. No process may have the spool open. Blocks.
///
/// # Errors
/// If the new file cannot be written. The old file then stays in its place.
pub fn repair_spool(path: &Path) -> Result<SpoolRepair, SpoolError> {
    let fresh = new_file_for(path).map_err(not_moved)?;
    let file = Connection::open(&fresh)?;
    file.pragma_update(None, "journal_mode", "WAL")?;
    make(&file, 0)?;
    file.execute_batch("BEGIN IMMEDIATE")?;
    let damaged = Damaged::open(path, FORMAT).map_err(not_moved)?;
    let lost = copy_all(&damaged, &file)?;
    drop(damaged);
    file.execute_batch("COMMIT")?;
    let saved = "SELECT count(*) FROM messages WHERE state IN (0, 2)";
    let saved = file.query_row(saved, [], |row| row.get(0))?;
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    file.close().map_err(|(_, error)| error)?;
    let kept_at = put_in_place(&fresh, path).map_err(not_moved)?;
    Ok(SpoolRepair { saved, lost, kept_at })
}

/// Returns the number of messages without a body.
fn copy_all(damaged: &Connection, file: &Connection) -> Result<u64, SpoolError> {
    let newest = "SELECT seq FROM sqlite_sequence WHERE name = 'messages'";
    let Ok(newest) = damaged.query_row(newest, [], |row| row.get::<_, i64>(0)) else {
        return Ok(0);
    };
    for table in ["messages", "bodies"] {
        let rows = Rows::new(damaged, file, table, "seq BETWEEN ?1 AND ?2");
        rows.copy_in_halves(1, newest, |first, last| [first.into(), last.into()])?;
    }
    let bodiless = "DELETE FROM messages WHERE state IN (0, 2)
        AND NOT EXISTS (SELECT 1 FROM bodies WHERE bodies.seq = messages.seq)";
    let lost = file.execute(bodiless, [])?;
    let strays = "DELETE FROM bodies
        WHERE NOT EXISTS (SELECT 1 FROM messages WHERE messages.seq = bodies.seq)";
    let strays = file.execute(strays, [])?;
    // No number is given twice: followers remember them.
    file.execute("DELETE FROM sqlite_sequence WHERE name = 'messages'", [])?;
    file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('messages', ?1)", [newest])?;
    for table in ["followers", "followed", "dropped"] {
        if !Rows::copy_table(damaged, file, table)? {
            tracing::warn!(table, "a table cannot be read completely: its followers start again");
        }
    }
    Ok((lost + strays) as u64)
}

fn not_moved(error: std::io::Error) -> SpoolError {
    SpoolError::Moved(std::sync::Arc::new(error))
}
