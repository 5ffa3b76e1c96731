//! The places of shared followers, and the settling of what they took.

use std::time::Duration;

use rusqlite::params;

use super::{Tables, millis};
use crate::consumer::{Follower, UNUSED};
use crate::follow::Gap;

/// The precision of the time at which a name was used last.
const NOTED_EVERY: Duration = Duration::from_secs(600);

/// The row of a name.
#[derive(Clone, Copy)]
pub(super) struct FollowerRow {
    pub(super) id: i64,
    /// Everything up to here was delivered at least once, or is of other subjects.
    pub(super) cursor: u64,
    /// Losses up to here are noted in `gap`.
    pub(super) noted: u64,
    pub(super) gap: Option<Gap>,
}

impl FollowerRow {
    pub(super) fn miss(&mut self, first_missing: u64, last_missing: u64) {
        let gap = Gap { first_missing, last_missing };
        self.gap = Some(self.gap.map_or(gap, |known| Gap {
            first_missing: known.first_missing.min(first_missing),
            last_missing: known.last_missing.max(last_missing),
        }));
    }
}

impl Tables {
    /// Forgets the names that nobody used for long.
    pub(in crate::embedded) fn forget_unused(&mut self) -> rusqlite::Result<()> {
        let until = self.shared.clock.unix_ms().saturating_sub(millis(UNUSED));
        let sql = "DELETE FROM followed WHERE follower IN
            (SELECT id FROM followers WHERE used_ms <= ?1)";
        self.connection.prepare_cached(sql)?.execute([until])?;
        let sql = "DELETE FROM followers WHERE used_ms <= ?1";
        self.connection.prepare_cached(sql)?.execute([until]).map(|_| ())
    }

    /// The row of the name, made where there is none. It starts with the oldest message.
    pub(super) fn place(&mut self, follower: &Follower) -> rusqlite::Result<FollowerRow> {
        self.forget_unused()?;
        let now = self.shared.clock.unix_ms();
        let sql = "INSERT INTO followers (stream, name, cursor, noted, used_ms)
            VALUES (?1, ?2, 0, ?3, ?4)
            ON CONFLICT (stream, name) DO UPDATE SET used_ms = excluded.used_ms
            WHERE used_ms < ?5";
        let lost = self.last_lost(follower.stream, &follower.subjects)?;
        let noted_before = now.saturating_sub(millis(NOTED_EVERY));
        let row = params![follower.stream.as_str(), follower.name, lost, now, noted_before];
        self.connection.prepare_cached(sql)?.execute(row)?;
        let sql = "SELECT id, cursor, noted, gap_first, gap_last FROM followers
            WHERE stream = ?1 AND name = ?2";
        let mut place = self.connection.prepare_cached(sql)?;
        place.query_row(params![follower.stream.as_str(), follower.name], |row| {
            let gap: (Option<u64>, Option<u64>) = (row.get(3)?, row.get(4)?);
            let gap = gap.0.zip(gap.1);
            Ok(FollowerRow {
                id: row.get(0)?,
                cursor: row.get(1)?,
                noted: row.get(2)?,
                gap: gap.map(|(first_missing, last_missing)| Gap { first_missing, last_missing }),
            })
        })
    }

    pub(super) fn save(&self, place: FollowerRow) -> rusqlite::Result<()> {
        let sql = "UPDATE followers SET cursor = ?2, noted = ?3, gap_first = ?4, gap_last = ?5
            WHERE id = ?1";
        let first = place.gap.map(|gap| gap.first_missing);
        let last = place.gap.map(|gap| gap.last_missing);
        let row = params![place.id, place.cursor, place.noted, first, last];
        self.connection.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    pub(in crate::embedded) fn followed(
        &mut self,
        follower: &Follower,
        sequence: u64,
    ) -> rusqlite::Result<()> {
        let sql = "DELETE FROM followed WHERE seq = ?1 AND follower =
            (SELECT id FROM followers WHERE stream = ?2 AND name = ?3)";
        let of = params![sequence, follower.stream.as_str(), follower.name];
        self.connection.prepare_cached(sql)?.execute(of).map(|_| ())
    }

    pub(in crate::embedded) fn follow_later(
        &mut self,
        follower: &Follower,
        sequence: u64,
        delivery: u32,
        after: Duration,
    ) -> rusqlite::Result<()> {
        self.follow_again(follower, sequence, delivery, (self.now_ms() + millis(after), 0))?;
        self.touched.insert(follower.stream);
        Ok(())
    }

    /// It was not started: this delivery does not count.
    pub(in crate::embedded) fn follow_release(
        &mut self,
        follower: &Follower,
        sequence: u64,
        delivery: u32,
    ) -> rusqlite::Result<()> {
        self.follow_again(follower, sequence, delivery, (self.now_ms(), 1))?;
        self.touched.insert(follower.stream);
        Ok(())
    }

    pub(in crate::embedded) fn follow_extend(
        &mut self,
        follower: &Follower,
        sequence: u64,
        delivery: u32,
    ) -> rusqlite::Result<()> {
        self.follow_again(follower, sequence, delivery, (self.lent_until_ms(), 0))
    }

    /// Has a delivery, while it is the last one, come again at `due_ms`, as if there had
    /// been `fewer` of them.
    fn follow_again(
        &self,
        follower: &Follower,
        sequence: u64,
        delivery: u32,
        (due_ms, fewer): (i64, u32),
    ) -> rusqlite::Result<()> {
        let sql = "UPDATE followed SET due_ms = ?5, deliveries = deliveries - ?6
            WHERE seq = ?1 AND deliveries = ?2 AND follower =
            (SELECT id FROM followers WHERE stream = ?3 AND name = ?4)";
        let (stream, name) = (follower.stream.as_str(), &follower.name);
        let row = params![sequence, delivery, stream, name, due_ms, fewer];
        self.connection.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    /// The follower knows of `gap`. One that has grown meanwhile is told again.
    pub(in crate::embedded) fn gap_told(
        &mut self,
        follower: &Follower,
        gap: Gap,
    ) -> rusqlite::Result<()> {
        let sql = "UPDATE followers SET gap_first = NULL, gap_last = NULL
            WHERE stream = ?1 AND name = ?2 AND gap_first >= ?3 AND gap_last <= ?4";
        let (stream, name) = (follower.stream.as_str(), &follower.name);
        let row = params![stream, name, gap.first_missing, gap.last_missing];
        self.connection.prepare_cached(sql)?.execute(row).map(|_| ())
    }

    pub(super) fn forget_followed(&self, id: i64, sequence: u64) -> rusqlite::Result<()> {
        let sql = "DELETE FROM followed WHERE follower = ?1 AND seq = ?2";
        self.connection.prepare_cached(sql)?.execute(params![id, sequence]).map(|_| ())
    }
}
