//! The spool's tables. Every method runs inside a transaction of the spool's
//! thread, and leaves the fill levels as that transaction would.
//!
//! State that changes with a delivery (`messages`) lies apart from state that does not
//! (`bodies`): SQLite rewrites a whole row, and bodies are large.

mod deliver;
mod follow;
mod look;
mod places;
mod publish;
mod remove;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_host::{FileIdentity, available_bytes};
use rusqlite::{Connection, Row};

use crate::config::Durability;
use crate::error::SpoolError;
use crate::message::{Envelope, Headers};
use crate::shared::Shared;
use crate::stages::{Stage, Stream};

pub(super) use deliver::{Abandoned, DeliveryLease, Message, TakenMessages};
pub(super) use follow::{FollowerBatch, KeptMessage, OrderedBatch};

/// 1 had no followers, 2 no suspects.
pub(super) const FORMAT: i64 = 3;
const SCHEMA: &str = "
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        stream TEXT NOT NULL,
        -- 0 to be settled, 1 settled but its id is remembered, 2 kept
        state INTEGER NOT NULL,
        subject TEXT NOT NULL,
        message_id TEXT,
        published_ms INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        -- when it is delivered (again), on the clock of the process
        due_ms INTEGER NOT NULL,
        in_flight INTEGER NOT NULL,
        deliveries INTEGER NOT NULL
    );
    CREATE TABLE bodies (seq INTEGER PRIMARY KEY, headers TEXT NOT NULL, payload BLOB NOT NULL);
    CREATE INDEX messages_due ON messages (stream, state, due_ms);
    CREATE INDEX messages_held ON messages (stream, state);
    CREATE INDEX messages_id ON messages (message_id, stream);
";
const FOLLOWERS: &str = "
    CREATE TABLE followers (
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        name TEXT NOT NULL,
        -- all up to here was delivered at least once, or is of other subjects
        cursor INTEGER NOT NULL,
        -- losses up to here were noted
        noted INTEGER NOT NULL,
        -- what was lost and not told
        gap_first INTEGER,
        gap_last INTEGER,
        used_ms INTEGER NOT NULL,
        UNIQUE (stream, name)
    );
    -- delivered to a follower and not settled
    CREATE TABLE followed (
        follower INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        due_ms INTEGER NOT NULL,
        deliveries INTEGER NOT NULL,
        PRIMARY KEY (follower, seq)
    ) WITHOUT ROWID;
    -- the last message that went by its age or gave way
    CREATE TABLE dropped (
        stream TEXT NOT NULL,
        subject TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (stream, subject)
    ) WITHOUT ROWID;
";
const SUSPECTS: &str = "
    -- in flight when an earlier process ended without warning: it may be the reason
    ALTER TABLE messages ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX messages_suspect ON messages (seq) WHERE suspect = 1 AND state = 0;
";
/// Another process may be about to let go of the file.
const PATIENCE: Duration = Duration::from_secs(2);
/// With less than this on its disk, the spool counts as full: what is in work needs room.
const LEAST_FREE_BYTES: u64 = 8 << 20;
const WAL_LIMIT_BYTES: i64 = 64 << 20;

pub(super) struct Tables {
    connection: Connection,
    file: FileIdentity,
    shared: Arc<Shared>,
    levels: HashMap<Stream, StreamLevel>,
    /// Since when `due_ms` counts.
    start: Instant,
    /// Messages that are handed out singly until it is known whether one of them ends the
    /// process.
    suspects: u64,
    /// A suspect's stage waits to take it alone: until then, others hold back.
    quiet_until_ms: i64,
    touched: HashSet<Stream>,
}

/// The contents of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct StreamLevel {
    messages: u64,
    bytes: u64,
}

impl Tables {
    pub(super) fn open(shared: Arc<Shared>, path: &Path) -> Result<Self, SpoolError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        // Before anything is read: no second process may come in.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match shared.config.durability {
            Durability::Durable => "FULL",
            Durability::Fast => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "journal_size_limit", WAL_LIMIT_BYTES)?;
        let file = FileIdentity::of(path).map_err(|_| SpoolError::Gone(path.to_owned()))?;
        let mut tables = Self {
            connection,
            file,
            shared,
            levels: HashMap::new(),
            start: Instant::now(),
            suspects: 0,
            quiet_until_ms: 0,
            touched: HashSet::new(),
        };
        tables.create()?;
        tables.transaction(Self::take_over)?;
        tables.count()?;
        Ok(tables)
    }

    /// Fails where the disk has no room for more.
    pub(super) fn check_room(&self) -> Result<(), SpoolError> {
        match available_bytes(self.file.path()) {
            Some(bytes) if bytes < LEAST_FREE_BYTES => Err(SpoolError::DiskFull),
            _ => Ok(()),
        }
    }

    /// The open file, with its path.
    pub(super) fn opened(&self) -> (&Connection, &Path) {
        (&self.connection, self.file.path())
    }

    fn create(&mut self) -> Result<(), SpoolError> {
        let format = self.connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match format {
            FORMAT => Ok(()),
            before @ 0..FORMAT => self.transaction(|tables| make(&tables.connection, before)),
            other => Err(SpoolError::Format(other)),
        }
    }

    /// Makes due again what an earlier process had taken. It ended without warning if
    /// something was in flight. One of several messages may be the reason: their deliveries
    /// do not count, and they become suspects. A single one is: its delivery counts.
    fn take_over(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT count(*) FROM messages WHERE state = 0 AND in_flight = 1";
        let in_flight: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
        if in_flight > 0 {
            tracing::warn!(in_flight, "the last process ended while it handled messages");
        }
        let uncounted = i64::from(in_flight > 1);
        let sql = "UPDATE messages SET suspect = 1, deliveries = deliveries - ?1
            WHERE state = 0 AND in_flight = 1";
        self.connection.execute(sql, [uncounted])?;
        let sql = "UPDATE messages SET due_ms = 0, in_flight = 0 WHERE state = 0";
        self.connection.execute(sql, [])?;
        self.connection.execute("UPDATE followed SET due_ms = 0", [])?;
        self.forget_unused()
    }

    /// Does `work` wholly or not at all.
    pub(super) fn transaction(
        &mut self,
        mut work: impl FnMut(&mut Self) -> rusqlite::Result<()>,
    ) -> Result<(), SpoolError> {
        if !self.file.is_there() {
            return Err(SpoolError::Gone(self.file.path().to_owned()));
        }
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = work(self).and_then(|()| self.connection.execute_batch("COMMIT"));
        if let Err(error) = done {
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
            self.touched.clear();
            self.count()?;
            return Err(error.into());
        }
        Ok(())
    }

    /// Counts what the streams hold.
    fn count(&mut self) -> rusqlite::Result<()> {
        let mut levels = HashMap::new();
        for stream in self.shared.table.streams().iter().copied() {
            let sql = "SELECT count(*), coalesce(sum(size_bytes), 0) FROM messages
                WHERE stream = ?1 AND state IN (0, 2)";
            let level =
                self.connection.prepare_cached(sql)?.query_row([stream.as_str()], |row| {
                    Ok(StreamLevel { messages: row.get(0)?, bytes: row.get(1)? })
                })?;
            levels.insert(stream, level);
        }
        self.levels = levels;
        self.count_suspects()
    }

    fn count_suspects(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT count(*) FROM messages WHERE suspect = 1 AND state = 0";
        self.suspects = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(())
    }

    /// A message was settled, so no process ended over it. Whoever waits for the suspects
    /// looks again.
    fn absolve(&mut self, stage: Stage, sequence: u64) -> rusqlite::Result<()> {
        if self.suspects == 0 {
            return Ok(());
        }
        let sql = "UPDATE messages SET suspect = 0 WHERE seq = ?1";
        self.connection.prepare_cached(sql)?.execute([sequence])?;
        self.count_suspects()?;
        if self.has_suspects(stage)? {
            self.keep_quiet();
        }
        self.touched.extend(self.shared.table.streams().iter().copied());
        Ok(())
    }

    /// The streams whose consumers may find messages since this was asked last.
    pub(super) fn take_touched(&mut self) -> HashSet<Stream> {
        std::mem::take(&mut self.touched)
    }

    fn level(&mut self, stream: Stream) -> &mut StreamLevel {
        self.levels.entry(stream).or_default()
    }

    /// Until `due_ms`; a minute if there is nothing to wait for.
    fn wait_until(&self, due_ms: Option<i64>) -> Duration {
        let wait = due_ms.map(|due| due.saturating_sub(self.now_ms()).max(0).unsigned_abs() + 1);
        wait.map_or(Duration::from_secs(60), Duration::from_millis)
    }

    fn now_ms(&self) -> i64 {
        millis(self.start.elapsed())
    }
}

/// Brings the tables from format `before` to [`FORMAT`].
pub(super) fn make(connection: &Connection, before: i64) -> rusqlite::Result<()> {
    for step in &[SCHEMA, FOLLOWERS, SUSPECTS][before.unsigned_abs() as usize..] {
        connection.execute_batch(step)?;
    }
    connection.pragma_update(None, "user_version", FORMAT)
}

fn envelope(row: &Row<'_>) -> rusqlite::Result<Envelope> {
    let headers: String = row.get(0)?;
    let payload: Vec<u8> = row.get(1)?;
    Ok(Envelope { headers: Headers::from_text(&headers), payload: payload.into() })
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
