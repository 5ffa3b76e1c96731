//! Looking at what is there.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::{Tables, envelope};
use crate::dead_letter::DeadLetter;
use crate::queue_status::{QueueEnds, QueueStatus};
use crate::shared::Shared;
use crate::stages::Stream;

impl Tables {
    pub(in crate::embedded) fn queues(&mut self) -> rusqlite::Result<Vec<QueueStatus>> {
        self.shared.table.streams().iter().map(|stream| self.queue(*stream)).collect()
    }

    fn queue(&self, stream: Stream) -> rusqlite::Result<QueueStatus> {
        let sql =
            "SELECT coalesce(sum(in_flight AND due_ms > ?2), 0), coalesce(sum(deliveries > 1), 0)
            FROM messages WHERE stream = ?1 AND state = 0";
        let mut counts = self.connection.prepare_cached(sql)?;
        let now = self.now_ms();
        let (in_flight, redelivered) = counts
            .query_row(params![stream.as_str(), now], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let level = self.levels.get(&stream).copied().unwrap_or_default();
        Ok(QueueStatus {
            stream: self.shared.names.stream(stream),
            stages: self.shared.table.stages_of(stream).collect(),
            depth: level.messages,
            in_flight,
            redelivered,
            oldest_age: self.oldest_age(stream)?,
            fullness: QueueStatus::fullness_of(
                self.shared.config.limits(stream),
                level.messages,
                level.bytes,
            ),
        })
    }

    /// One row of numbers serves all streams.
    pub(in crate::embedded) fn ends(&mut self, stream: Stream) -> rusqlite::Result<QueueEnds> {
        let sql = "SELECT (SELECT min(seq) FROM messages WHERE stream = ?1 AND state = 0),
            coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)";
        self.connection.prepare_cached(sql)?.query_row([stream.as_str()], |row| {
            Ok(QueueEnds { oldest: row.get(0)?, newest: row.get(1)? })
        })
    }

    /// Returns for each prefix of message ids whether a work queue holds such a message.
    pub(in crate::embedded) fn holds(
        &mut self,
        prefixes: &[String],
    ) -> rusqlite::Result<Vec<bool>> {
        // ';' comes after ':', with which a prefix ends.
        let sql = "SELECT EXISTS (SELECT 1 FROM messages
            WHERE message_id >= ?1 || ':' AND message_id < ?1 || ';' AND state = 0)";
        let mut held = self.connection.prepare_cached(sql)?;
        prefixes.iter().map(|prefix| held.query_row([prefix], |row| row.get(0))).collect()
    }

    fn oldest_age(&self, stream: Stream) -> rusqlite::Result<Option<Duration>> {
        let sql = "SELECT published_ms FROM messages WHERE stream = ?1 AND state = ?2
            ORDER BY seq LIMIT 1";
        let state = if stream.is_queue() { 0 } else { 2 };
        let mut oldest = self.connection.prepare_cached(sql)?;
        let oldest: Option<i64> =
            oldest.query_row(params![stream.as_str(), state], |row| row.get(0)).optional()?;
        let age = |at: i64| self.shared.clock.unix_ms().saturating_sub(at).max(0).unsigned_abs();
        Ok(oldest.map(|at| Duration::from_millis(age(at))))
    }

    pub(in crate::embedded) fn dead_letters(
        &mut self,
        limit: usize,
    ) -> rusqlite::Result<Vec<DeadLetter>> {
        let sql = "SELECT headers, payload, seq, published_ms FROM messages JOIN bodies USING (seq)
            WHERE stream = ?1 AND state = 2 ORDER BY seq DESC LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut letters = self.connection.prepare_cached(sql)?;
        let rows = letters
            .query_map(params![Stream::DEAD_LETTERS.as_str(), limit], |row| self.letter(row))?;
        rows.collect()
    }

    pub(in crate::embedded) fn dead_letter(
        &mut self,
        sequence: u64,
    ) -> rusqlite::Result<Option<DeadLetter>> {
        let sql = "SELECT headers, payload, seq, published_ms FROM messages JOIN bodies USING (seq)
            WHERE stream = ?1 AND state = 2 AND seq = ?2";
        let mut letter = self.connection.prepare_cached(sql)?;
        letter
            .query_row(params![Stream::DEAD_LETTERS.as_str(), sequence], |row| self.letter(row))
            .optional()
    }

    fn letter(&self, row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
        let Shared { names, table, .. } = &*self.shared;
        Ok(DeadLetter::new(names, table, row.get(2)?, row.get(3)?, envelope(row)?))
    }

    pub(in crate::embedded) fn forget_dead_letter(
        &mut self,
        sequence: u64,
    ) -> rusqlite::Result<()> {
        // It was published again: its followers miss nothing.
        let sql = "DELETE FROM followed WHERE seq = ?1";
        self.connection.prepare_cached(sql)?.execute([sequence])?;
        self.delete(Stream::DEAD_LETTERS, sequence)
    }
}
