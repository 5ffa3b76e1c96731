//! Removing messages wherever they are.

use rusqlite::params;

use super::{Tables, envelope};
use crate::stages::Stream;
use crate::stored::{StoredMessage, Wanted};

/// Messages that are looked at in one transaction.
const AT_A_TIME: i64 = 64;

impl Tables {
    /// Removes the wanted ones of the next messages behind the number `after`. Returns the number
    /// of those removed, and the number of the last message; `None` if there was none.
    pub(in crate::embedded) fn remove(
        &mut self,
        after: u64,
        wanted: &Wanted<'_>,
    ) -> rusqlite::Result<(u64, Option<u64>)> {
        let mut last = None;
        let mut found = Vec::new();
        {
            let sql = "SELECT headers, payload, seq, stream, subject FROM messages
                JOIN bodies USING (seq) WHERE seq > ?1 AND state IN (0, 2)
                ORDER BY seq LIMIT ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![after, AT_A_TIME])?;
            while let Some(row) = rows.next()? {
                let (sequence, stream): (u64, String) = (row.get(2)?, row.get(3)?);
                let (subject, envelope): (String, _) = (row.get(4)?, envelope(row)?);
                last = Some(sequence);
                if wanted(&StoredMessage::of(&self.shared.names, &subject, &envelope)) {
                    found.extend(self.stream_named(&stream).map(|stream| (stream, sequence)));
                }
            }
        }
        for (stream, sequence) in &found {
            let followed = "DELETE FROM followed WHERE seq = ?1";
            self.connection.prepare_cached(followed)?.execute([sequence])?;
            self.delete(*stream, *sequence)?;
        }
        Ok((found.len() as u64, last))
    }

    fn stream_named(&self, name: &str) -> Option<Stream> {
        self.shared.table.streams().iter().copied().find(|stream| stream.as_str() == name)
    }

    /// Writes the file anew, so that nothing of a removed message is left in it. No transaction may
    /// be open.
    pub(in crate::embedded) fn rewrite(&mut self) -> rusqlite::Result<()> {
        self.connection.flush_prepared_statement_cache();
        self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
