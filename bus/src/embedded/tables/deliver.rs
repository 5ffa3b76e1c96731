//! Delivering and settling.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::{Tables, envelope, millis};
use crate::delivery::{ABANDONED, letter_id};
use crate::message::Envelope;
use crate::names::dead_letters;
use crate::stages::{Stage, Stream};
use crate::subject::Subject;

/// The right to settle one delivery of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::embedded) struct DeliveryLease {
    stage: Stage,
    pub(in crate::embedded) sequence: u64,
    pub(in crate::embedded) delivery: u32,
}

/// Work that was taken.
pub(in crate::embedded) struct TakenMessages {
    pub(in crate::embedded) messages: Vec<Message>,
    pub(in crate::embedded) abandoned: Vec<Abandoned>,
    /// The time until there is more to take; `None` if there may be more at once.
    pub(in crate::embedded) next_due: Option<Duration>,
}

/// A message that can be taken.
struct Waiting {
    sequence: u64,
    deliveries: u32,
    subject: Subject,
    suspect: bool,
}

/// A message that was taken.
pub(in crate::embedded) struct Message {
    pub(in crate::embedded) lease: DeliveryLease,
    pub(in crate::embedded) subject: Subject,
    pub(in crate::embedded) envelope: Envelope,
}

/// A message that became a dead letter because nobody settled it.
pub(in crate::embedded) struct Abandoned {
    pub(in crate::embedded) sequence: u64,
    pub(in crate::embedded) deliveries: u32,
}

/// While messages are handed out singly, the longest wait before a stage looks again; it is
/// woken as soon as one is settled.
const SINGLY: Duration = Duration::from_secs(1);
/// Written into a dead letter.
const ENDED: &str =
    "the process ended without warning each time while it handled this message alone";

impl Tables {
    /// Takes up to `count` messages that are due; where there are suspects, one of them, and
    /// only while nothing is in flight in any stage. Those whose deliveries are used up
    /// become dead letters on the way.
    pub(in crate::embedded) fn take(
        &mut self,
        stage: Stage,
        count: usize,
    ) -> rusqlite::Result<TakenMessages> {
        let abandoned = self.reap(stage)?;
        let singly = self.suspects > 0;
        let count = if singly { self.allowed(stage, count)? } else { count };
        let due = self.due(stage, 0, count)?;
        let mut messages = Vec::with_capacity(due.len());
        for Waiting { sequence, deliveries, subject, .. } in due {
            let lease = DeliveryLease { stage, sequence, delivery: deliveries + 1 };
            self.lend(lease)?;
            messages.push(Message { lease, subject, envelope: self.body(sequence)? });
        }
        let next_due = match singly {
            true => Some(SINGLY),
            false if messages.len() < count => Some(self.next_due(stage)?),
            false => None,
        };
        Ok(TakenMessages { messages, abandoned, next_due })
    }

    /// The number of messages that `stage` may take while there are suspects.
    fn allowed(&mut self, stage: Stage, count: usize) -> rusqlite::Result<usize> {
        if !self.has_suspects(stage)? {
            let is_quiet = self.now_ms() < self.quiet_until_ms;
            return Ok(if is_quiet || self.is_in_flight(1)? { 0 } else { count });
        }
        if self.is_in_flight(0)? {
            self.keep_quiet();
            return Ok(0);
        }
        Ok(1)
    }

    /// Asks all others to hold back, as long as the stage of a suspect is there to ask.
    pub(super) fn keep_quiet(&mut self) {
        self.quiet_until_ms = self.now_ms().saturating_add(2 * millis(SINGLY));
    }

    pub(super) fn has_suspects(&self, stage: Stage) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM messages WHERE suspect = 1 AND state = 0
            AND stream = ?1 AND subject IN (SELECT value FROM json_each(?2)))";
        let of = params![stage.stream().as_str(), subjects(stage)];
        self.connection.prepare_cached(sql)?.query_row(of, |row| row.get(0))
    }

    /// Returns true while a message is in flight; with `suspect` 1, while a suspect is.
    fn is_in_flight(&self, suspect: i64) -> rusqlite::Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM messages
            WHERE state = 0 AND suspect >= ?2 AND in_flight = 1 AND due_ms > ?1)";
        let of = params![self.now_ms(), suspect];
        self.connection.prepare_cached(sql)?.query_row(of, |row| row.get(0))
    }

    fn lend(&self, lease: DeliveryLease) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_ms = ?2, in_flight = 1, deliveries = ?3 WHERE seq = ?1";
        let until = self.now_ms().saturating_add(millis(self.shared.config.ack_wait()));
        let mut update = self.connection.prepare_cached(sql)?;
        update.execute(params![lease.sequence, until, lease.delivery]).map(|_| ())
    }

    fn body(&self, sequence: u64) -> rusqlite::Result<Envelope> {
        let sql = "SELECT headers, payload FROM bodies WHERE seq = ?1";
        self.connection.prepare_cached(sql)?.query_row([sequence], envelope)
    }

    /// Until something is due that is not now; a minute if nothing is.
    fn next_due(&self, stage: Stage) -> rusqlite::Result<Duration> {
        let sql = "SELECT due_ms FROM messages WHERE stream = ?1 AND state = 0
            AND subject IN (SELECT value FROM json_each(?2)) ORDER BY due_ms LIMIT 1";
        let mut next = self.connection.prepare_cached(sql)?;
        let of = params![stage.stream().as_str(), subjects(stage)];
        let next: Option<i64> = next.query_row(of, |row| row.get(0)).optional()?;
        Ok(self.wait_until(next))
    }

    /// Work is done whoever says so: also one whose time had run out.
    pub(in crate::embedded) fn acknowledge(
        &mut self,
        lease: DeliveryLease,
    ) -> rusqlite::Result<()> {
        self.settle(lease.stage, lease.sequence)
    }

    /// Removes the message, but remembers its id as long as the window lasts.
    fn settle(&mut self, stage: Stage, sequence: u64) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET state = 1, in_flight = 0
            WHERE seq = ?1 AND state = 0 RETURNING size_bytes";
        let mut update = self.connection.prepare_cached(sql)?;
        let size: Option<u64> = update.query_row([sequence], |row| row.get(0)).optional()?;
        drop(update);
        let Some(size) = size else { return Ok(()) };
        self.lighten(stage.stream(), size);
        self.absolve(stage, sequence)?;
        self.delete_body(sequence)
    }

    pub(in crate::embedded) fn retry(
        &mut self,
        lease: DeliveryLease,
        after: Duration,
    ) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_ms = ?3, in_flight = 0
            WHERE seq = ?1 AND state = 0 AND deliveries = ?2";
        let due = self.now_ms().saturating_add(millis(after));
        let mut update = self.connection.prepare_cached(sql)?;
        update.execute(params![lease.sequence, lease.delivery, due])?;
        drop(update);
        self.absolve(lease.stage, lease.sequence)?;
        self.touched.insert(lease.stage.stream());
        Ok(())
    }

    /// It was not started: this delivery does not count.
    pub(in crate::embedded) fn release(&mut self, lease: DeliveryLease) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_ms = ?3, in_flight = 0, deliveries = deliveries - 1
            WHERE seq = ?1 AND state = 0 AND deliveries = ?2";
        let mut update = self.connection.prepare_cached(sql)?;
        update.execute(params![lease.sequence, lease.delivery, self.now_ms()])?;
        drop(update);
        self.absolve(lease.stage, lease.sequence)?;
        self.touched.insert(lease.stage.stream());
        Ok(())
    }

    pub(in crate::embedded) fn extend(&mut self, lease: DeliveryLease) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_ms = ?3
            WHERE seq = ?1 AND state = 0 AND deliveries = ?2 AND in_flight = 1";
        let until = self.now_ms().saturating_add(millis(self.shared.config.ack_wait()));
        let mut update = self.connection.prepare_cached(sql)?;
        update.execute(params![lease.sequence, lease.delivery, until]).map(|_| ())
    }

    /// The message goes, and its dead letter comes, together.
    pub(in crate::embedded) fn bury(
        &mut self,
        lease: DeliveryLease,
        letter: &Envelope,
    ) -> rusqlite::Result<()> {
        self.settle(lease.stage, lease.sequence)?;
        self.keep_letter(lease.stage, letter)
    }

    fn keep_letter(&mut self, stage: Stage, letter: &Envelope) -> rusqlite::Result<()> {
        if self.stored_before(Stream::DEAD_LETTERS, letter)?.is_some() {
            return Ok(());
        }
        self.clear(Stream::DEAD_LETTERS)?;
        self.insert(&dead_letters(stage), Stream::DEAD_LETTERS, letter)?;
        self.trim(Stream::DEAD_LETTERS)
    }

    /// Turns what nobody settled in its last delivery into dead letters.
    pub(in crate::embedded) fn reap(&mut self, stage: Stage) -> rusqlite::Result<Vec<Abandoned>> {
        let least = self.shared.config.max_deliver;
        let mut abandoned = Vec::new();
        for Waiting { sequence, deliveries, subject, suspect } in
            self.due(stage, least, usize::MAX)?
        {
            let reason = if suspect { ENDED } else { ABANDONED };
            let names = &self.shared.names;
            let letter = self.body(sequence)?.into_dead_letter(
                &letter_id(&names.stream(stage.stream()), sequence),
                &names.subject(subject),
                deliveries,
                reason,
            );
            self.settle(stage, sequence)?;
            self.keep_letter(stage, &letter)?;
            abandoned.push(Abandoned { sequence, deliveries });
        }
        Ok(abandoned)
    }

    /// Up to `count` messages for `stage` that are due and were delivered `least` times
    /// or more; where `stage` has suspects, of these only.
    fn due(&self, stage: Stage, least: u32, count: usize) -> rusqlite::Result<Vec<Waiting>> {
        let sql = "SELECT seq, deliveries, subject, suspect FROM messages
            WHERE stream = ?1 AND state = 0 AND due_ms <= ?2 AND deliveries >= ?3
            AND subject IN (SELECT value FROM json_each(?4)) AND suspect >= ?6
            ORDER BY due_ms, seq LIMIT ?5";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let singly = self.suspects > 0 && self.has_suspects(stage)?;
        let stream = stage.stream().as_str();
        let of = params![stream, self.now_ms(), least, subjects(stage), count, singly];
        let mut due = self.connection.prepare_cached(sql)?;
        let rows = due.query_map(of, |row| {
            let name: String = row.get(2)?;
            let subject = stage.subjects().iter().find(|subject| subject.as_str() == name);
            Ok(Waiting {
                sequence: row.get(0)?,
                deliveries: row.get(1)?,
                subject: subject.copied().unwrap_or(stage.subject()),
                suspect: row.get(3)?,
            })
        })?;
        rows.collect()
    }
}

/// The subjects of `stage`, as SQL takes a list.
fn subjects(stage: Stage) -> String {
    let names: Vec<&str> = stage.subjects().iter().map(|subject| subject.as_str()).collect();
    serde_json::Value::from(names).to_string()
}
