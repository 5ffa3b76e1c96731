//! Reading for followers what a stream keeps.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::places::FollowerRow;
use super::{Tables, envelope, millis};
use crate::consumer::Follower;
use crate::follow::Gap;
use crate::message::Envelope;
use crate::stages::Stream;
use crate::subject::Subject;

/// A message that a follower took, or that lies in its order.
pub(in crate::embedded) struct KeptMessage {
    pub(in crate::embedded) sequence: u64,
    pub(in crate::embedded) delivery: u32,
    pub(in crate::embedded) subject: String,
    pub(in crate::embedded) envelope: Envelope,
}

/// The findings of a shared follower.
pub(in crate::embedded) struct FollowerBatch {
    pub(in crate::embedded) messages: Vec<KeptMessage>,
    /// Everything lost that was not confirmed.
    pub(in crate::embedded) gap: Option<Gap>,
    /// The time until there is more to take; `None` if there may be more at once.
    pub(in crate::embedded) next_due: Option<Duration>,
}

/// The messages in order after a place.
pub(in crate::embedded) struct OrderedBatch {
    pub(in crate::embedded) messages: Vec<KeptMessage>,
    pub(in crate::embedded) gap: Option<Gap>,
    /// The place to go on from.
    pub(in crate::embedded) next_after: u64,
}

impl Tables {
    /// Takes up to `count` messages: those that are due again, then new ones.
    pub(in crate::embedded) fn take_kept(
        &mut self,
        follower: &Follower,
        count: usize,
    ) -> rusqlite::Result<FollowerBatch> {
        self.clear(follower.stream)?;
        let mut place = self.place(follower)?;
        self.note_losses(follower, &mut place)?;
        let mut messages = self.due_again(&mut place, count)?;
        let rest = count - messages.len();
        messages.extend(self.beyond(follower, &mut place, rest)?);
        self.save(place)?;
        let next_due =
            if messages.len() < count { Some(self.next_due_again(place.id)?) } else { None };
        Ok(FollowerBatch { messages, gap: place.gap, next_due })
    }

    /// Notes what was dropped before it was delivered.
    fn note_losses(&self, follower: &Follower, place: &mut FollowerRow) -> rusqlite::Result<()> {
        let lost = self.last_lost(follower.stream, &follower.subjects)?;
        let seen = place.cursor.max(place.noted);
        if lost > seen {
            place.miss(seen + 1, lost);
            place.noted = lost;
        }
        Ok(())
    }

    /// The last message of `subjects` that `stream` dropped; 0 if it dropped none.
    pub(super) fn last_lost(&self, stream: Stream, subjects: &[Subject]) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(seq), 0) FROM dropped WHERE stream = ?1
            AND EXISTS (SELECT 1 FROM json_each(?2) WHERE subject GLOB value)";
        let mut lost = self.connection.prepare_cached(sql)?;
        lost.query_row(params![stream.as_str(), globs(subjects)], |row| row.get(0))
    }

    /// Takes delivered messages that are due again. One that is gone meanwhile is missed.
    fn due_again(
        &self,
        place: &mut FollowerRow,
        count: usize,
    ) -> rusqlite::Result<Vec<KeptMessage>> {
        let sql = "SELECT seq, deliveries FROM followed
            WHERE follower = ?1 AND due_ms <= ?2 ORDER BY due_ms, seq LIMIT ?3";
        let due: Vec<(u64, u32)> = self
            .connection
            .prepare_cached(sql)?
            .query_map(params![place.id, self.now_ms(), limit(count)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let mut messages = Vec::with_capacity(due.len());
        for (sequence, deliveries) in due {
            match self.kept(sequence, deliveries + 1)? {
                Some(kept) => {
                    self.lend_again(place.id, &kept)?;
                    messages.push(kept);
                }
                None => {
                    place.miss(sequence, sequence);
                    self.forget_followed(place.id, sequence)?;
                }
            }
        }
        Ok(messages)
    }

    fn kept(&self, sequence: u64, delivery: u32) -> rusqlite::Result<Option<KeptMessage>> {
        let sql = "SELECT headers, payload, subject FROM messages JOIN bodies USING (seq)
            WHERE seq = ?1";
        let mut kept = self.connection.prepare_cached(sql)?;
        kept.query_row([sequence], |row| {
            Ok(KeptMessage { sequence, delivery, envelope: envelope(row)?, subject: row.get(2)? })
        })
        .optional()
    }

    fn lend_again(&self, id: i64, kept: &KeptMessage) -> rusqlite::Result<()> {
        let sql = "INSERT INTO followed (follower, seq, due_ms, deliveries) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO UPDATE SET due_ms = excluded.due_ms, deliveries = excluded.deliveries";
        let row = params![id, kept.sequence, self.lent_until_ms(), kept.delivery];
        self.connection.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    pub(super) fn lent_until_ms(&self) -> i64 {
        self.now_ms().saturating_add(millis(self.shared.config.ack_wait()))
    }

    /// Up to `count` messages after the place `after`; from the oldest if there is none.
    pub(in crate::embedded) fn look(
        &mut self,
        stream: Stream,
        subjects: &[Subject],
        after: Option<u64>,
        count: usize,
    ) -> rusqlite::Result<OrderedBatch> {
        self.clear(stream)?;
        let lost = self.last_lost(stream, subjects)?;
        let newest = self.newest()?;
        // A place beyond the newest is of a spool that was lost.
        let (start, gap) = match after {
            None => (0, None),
            Some(after) if after > newest => (0, Some((after + 1, after + 1))),
            Some(after) => (after, (lost > after).then_some((after + 1, lost))),
        };
        let messages = self.read(stream, subjects, start, count)?;
        let next_after = match messages.last() {
            Some(last) if messages.len() == count => last.sequence,
            // The rest is of other subjects.
            _ => start.max(lost).max(self.newest_kept(stream)?),
        };
        let gap = gap.map(|(first_missing, last_missing)| Gap { first_missing, last_missing });
        Ok(OrderedBatch { messages, gap, next_after })
    }

    /// The number of the newest message, of whatever stream.
    fn newest(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'messages'";
        self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
    }

    fn newest_kept(&self, stream: Stream) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(seq), 0) FROM messages WHERE stream = ?1 AND state = 2";
        self.connection.prepare_cached(sql)?.query_row([stream.as_str()], |row| row.get(0))
    }

    /// New messages, which it takes.
    fn beyond(
        &self,
        follower: &Follower,
        place: &mut FollowerRow,
        count: usize,
    ) -> rusqlite::Result<Vec<KeptMessage>> {
        let new = self.read(follower.stream, &follower.subjects, place.cursor, count)?;
        for kept in &new {
            self.lend_again(place.id, kept)?;
            place.cursor = kept.sequence;
        }
        if new.len() < count {
            // The rest is of other subjects.
            place.cursor = place.cursor.max(self.newest_kept(follower.stream)?);
        }
        Ok(new)
    }

    /// Up to `count` messages of `subjects` after the place `after`, in order.
    pub(super) fn read(
        &self,
        stream: Stream,
        subjects: &[Subject],
        after: u64,
        count: usize,
    ) -> rusqlite::Result<Vec<KeptMessage>> {
        let sql = "SELECT headers, payload, subject, seq FROM messages JOIN bodies USING (seq)
            WHERE stream = ?1 AND state = 2 AND seq > ?2
            AND EXISTS (SELECT 1 FROM json_each(?3) WHERE subject GLOB value)
            ORDER BY seq LIMIT ?4";
        let of = params![stream.as_str(), after, globs(subjects), limit(count)];
        let mut messages = self.connection.prepare_cached(sql)?;
        let rows = messages.query_map(of, |row| {
            let envelope = envelope(row)?;
            Ok(KeptMessage { envelope, subject: row.get(2)?, sequence: row.get(3)?, delivery: 1 })
        })?;
        rows.collect()
    }

    /// Until something is due again that is not now; a minute if nothing is.
    fn next_due_again(&self, id: i64) -> rusqlite::Result<Duration> {
        let sql = "SELECT min(due_ms) FROM followed WHERE follower = ?1";
        let mut next = self.connection.prepare_cached(sql)?;
        let next: Option<i64> = next.query_row([id], |row| row.get(0))?;
        Ok(self.wait_until(next))
    }
}

/// `subjects` as SQL compares with them.
fn globs(subjects: &[Subject]) -> String {
    let glob = |subject: &Subject| match subject.as_str().strip_suffix('>') {
        Some(stem) => format!("{stem}?*"),
        None => subject.to_string(),
    };
    serde_json::Value::from_iter(subjects.iter().map(glob)).to_string()
}

fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
