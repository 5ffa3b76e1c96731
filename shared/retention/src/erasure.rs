//! Takes the traces of deleted articles out of the files of a store.
//!
//! A SQLite file overwrites what it deletes (`secure_delete`); its log keeps former pages until it is
//! truncated. Postgres keeps deleted rows until their tables are vacuumed.

use std::time::Duration;

use courant_postgres::{Queries, Session};
use courant_store::Error;
use rusqlite::Connection;

use crate::deletion::Deletions;

/// The longest wait for readers of the log.
const PATIENCE: Duration = Duration::from_secs(10);
const ASKED: &str = "SELECT min(asked_ms), max(asked_ms) FROM erasure";

/// Tables with rows that were deleted, each partition by itself.
const WITH_DEAD_ROWS: &str = "
SELECT quote_ident(relname) FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND n_dead_tup > 0 ORDER BY relname";

/// Deletions whose traces are still in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingErasure {
    /// The time of the first one, Unix milliseconds.
    pub oldest_ms: i64,
    newest_ms: i64,
}

impl Deletions {
    /// Returns the deletions whose traces are still in the files, if there are any.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn pending_erasure(&self) -> Result<Option<PendingErasure>, Error> {
        let in_file = |connection: &Connection| {
            let asked = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            Ok(connection.query_row(ASKED, [], asked)?)
        };
        let on_server = async |client: &mut Session| {
            let row = client.query_one(ASKED, &[]).await?;
            Ok((row.try_get(0)?, row.try_get(1)?))
        };
        let (oldest, newest): (Option<i64>, Option<i64>) =
            self.tables.read("pending_erasure", in_file, on_server).await?;
        let pending = |(oldest_ms, newest_ms)| PendingErasure { oldest_ms, newest_ms };
        Ok(oldest.zip(newest).map(pending))
    }

    /// Takes the traces of these deletions out of the files of the store. Others write meanwhile.
    /// Call [`Self::erased`] when nothing of them is left elsewhere.
    ///
    /// # Errors
    /// A failure of the back end, also while somebody reads a former state. The same call goes on.
    pub async fn erase(&self) -> Result<(), Error> {
        let on_server = async |client: &mut Session| {
            for row in client.query(WITH_DEAD_ROWS, &[]).await? {
                let table: &str = row.try_get(0)?;
                client.batch(&format!("VACUUM {table}")).await?;
            }
            Ok(())
        };
        self.tables.read("erase", truncate_log, on_server).await
    }

    /// Forgets that deletions are to be erased.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn erased(&self, pending: PendingErasure) -> Result<(), Error> {
        let until = pending.newest_ms;
        let in_file = move |connection: &Connection| {
            connection.execute("DELETE FROM erasure WHERE asked_ms <= ?1", [until])?;
            Ok(())
        };
        let on_server = async |client: &mut Session| {
            client.execute("DELETE FROM erasure WHERE asked_ms <= $1", &[&until]).await?;
            Ok(())
        };
        self.tables.write("erased", in_file, on_server).await
    }
}

/// A connection that may write does it, between the transactions of the writer.
fn truncate_log(reading: &Connection) -> Result<(), Error> {
    let path = reading.path().unwrap_or_default();
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let is_busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy { Err(Error::Busy(PATIENCE)) } else { Ok(()) }
}
