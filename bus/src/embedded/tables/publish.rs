//! Storing, and clearing away what is too old or too much.

use rusqlite::{OptionalExtension, params};

use super::{Tables, millis};
use crate::message::Envelope;
use crate::published::PublishAck;
use crate::stages::Stream;
use crate::subject::Subject;

/// The most messages that are cleared away on the occasion of one publication.
const CLEARED: i64 = 8;

impl Tables {
    /// `None`: the work queue is full.
    pub(in crate::embedded) fn publish(
        &mut self,
        subject: Subject,
        stream: Stream,
        envelope: &Envelope,
    ) -> rusqlite::Result<Option<PublishAck>> {
        if let Some(sequence) = self.stored_before(stream, envelope)? {
            return Ok(Some(PublishAck { sequence, duplicate: true }));
        }
        self.clear(stream)?;
        if stream.is_queue() && self.overflows(stream, envelope) {
            return Ok(None);
        }
        let sequence = self.insert(subject.as_str(), stream, envelope)?;
        self.trim(stream)?;
        Ok(Some(PublishAck { sequence, duplicate: false }))
    }

    pub(super) fn stored_before(
        &self,
        stream: Stream,
        envelope: &Envelope,
    ) -> rusqlite::Result<Option<u64>> {
        let Some(id) = envelope.message_id() else {
            return Ok(None);
        };
        let sql = "SELECT max(seq) FROM messages
            WHERE message_id = ?1 AND stream = ?2 AND published_ms > ?3";
        let since = self.window_start_ms();
        let mut found = self.connection.prepare_cached(sql)?;
        found.query_row(params![id.as_str(), stream.as_str(), since], |row| row.get(0))
    }

    /// Messages published after this instant are remembered by their ids.
    fn window_start_ms(&self) -> i64 {
        let window = millis(self.shared.config.duplicate_window());
        self.shared.clock.unix_ms().saturating_sub(window)
    }

    fn overflows(&self, stream: Stream, envelope: &Envelope) -> bool {
        let limits = self.shared.config.limits(stream);
        let level = self.levels.get(&stream).copied().unwrap_or_default();
        let bytes = level.bytes.saturating_add(envelope.size_bytes() as u64);
        level.messages >= limits.max_messages || bytes > limits.max_bytes
    }

    pub(super) fn insert(
        &mut self,
        subject: &str,
        stream: Stream,
        envelope: &Envelope,
    ) -> rusqlite::Result<u64> {
        let sql = "INSERT INTO messages (stream, state, subject, message_id, published_ms,
            size_bytes, due_ms, in_flight, deliveries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)";
        let id = envelope.message_id();
        let size = envelope.size_bytes() as u64;
        let state = if stream.is_queue() { 0 } else { 2 };
        self.connection.prepare_cached(sql)?.execute(params![
            stream.as_str(),
            state,
            subject,
            id.as_ref().map(|id| id.as_str()),
            self.shared.clock.unix_ms(),
            size,
            self.now_ms(),
        ])?;
        let sequence = self.connection.last_insert_rowid();
        let sql = "INSERT INTO bodies (seq, headers, payload) VALUES (?1, ?2, ?3)";
        let body = params![sequence, envelope.headers.to_text(), &envelope.payload[..]];
        self.connection.prepare_cached(sql)?.execute(body)?;
        let level = self.level(stream);
        level.messages += 1;
        level.bytes += size;
        self.touched.insert(stream);
        Ok(sequence.unsigned_abs())
    }

    /// Forgets some of the ids, and of what was kept, whose time is over.
    pub(super) fn clear(&mut self, stream: Stream) -> rusqlite::Result<()> {
        let (state, until) = match self.shared.config.max_age(stream) {
            None => (1, self.window_start_ms()),
            Some(max_age) => (2, self.shared.clock.unix_ms().saturating_sub(millis(max_age))),
        };
        let sql = "SELECT seq, published_ms FROM messages WHERE stream = ?1 AND state = ?2
            ORDER BY seq LIMIT ?3";
        let oldest: Vec<(u64, i64)> = self
            .connection
            .prepare_cached(sql)?
            .query_map(params![stream.as_str(), state, CLEARED], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut expired = 0;
        for (sequence, _) in oldest.into_iter().filter(|(_, published)| *published <= until) {
            self.lose(stream, sequence)?;
            expired += 1;
        }
        self.tell_expired(stream, expired);
        Ok(())
    }

    /// Drops the oldest of what is kept beyond the limits.
    pub(super) fn trim(&mut self, stream: Stream) -> rusqlite::Result<()> {
        if stream.is_queue() {
            return Ok(());
        }
        let limits = self.shared.config.limits(stream);
        let mut expired = 0;
        loop {
            let level = *self.level(stream);
            if level.messages <= limits.max_messages && level.bytes <= limits.max_bytes {
                break;
            }
            let Some(oldest) = self.oldest_kept(stream)? else { break };
            self.lose(stream, oldest)?;
            expired += 1;
        }
        self.tell_expired(stream, expired);
        Ok(())
    }

    fn tell_expired(&self, stream: Stream, expired: u64) {
        if stream == Stream::DEAD_LETTERS {
            self.shared.metrics.letters_expired(expired);
        }
    }

    fn oldest_kept(&self, stream: Stream) -> rusqlite::Result<Option<u64>> {
        let sql = "SELECT seq FROM messages WHERE stream = ?1 AND state = 2 ORDER BY seq LIMIT 1";
        let mut oldest = self.connection.prepare_cached(sql)?;
        oldest.query_row([stream.as_str()], |row| row.get(0)).optional()
    }

    /// Removes what is too old or too much, and notes that for those who follow it.
    fn lose(&mut self, stream: Stream, sequence: u64) -> rusqlite::Result<()> {
        if !stream.is_queue() {
            let sql = "INSERT INTO dropped (stream, subject, seq)
                SELECT stream, subject, seq FROM messages WHERE seq = ?1
                ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)";
            self.connection.prepare_cached(sql)?.execute([sequence])?;
        }
        self.delete(stream, sequence)
    }

    /// Removes a message, and its weight where it had any.
    pub(super) fn delete(&mut self, stream: Stream, sequence: u64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM messages WHERE seq = ?1 AND stream = ?2 RETURNING state, size_bytes";
        let removed: Option<(i64, u64)> = self
            .connection
            .prepare_cached(sql)?
            .query_row(params![sequence, stream.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match removed {
            None => return Ok(()),
            Some((1, _)) => {}
            Some((_, size)) => self.lighten(stream, size),
        }
        self.delete_body(sequence)
    }

    pub(super) fn delete_body(&self, sequence: u64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM bodies WHERE seq = ?1";
        self.connection.prepare_cached(sql)?.execute([sequence]).map(|_| ())
    }

    pub(super) fn lighten(&mut self, stream: Stream, size: u64) {
        let level = self.level(stream);
        level.messages = level.messages.saturating_sub(1);
        level.bytes = level.bytes.saturating_sub(size);
    }
}
