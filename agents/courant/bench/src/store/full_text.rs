//! SQLite's own full text, as Courant used it before.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use rusqlite::{Connection, params};

use super::archive::{Archive, QUESTIONS};
use super::timed::Timed;

/// A table of texts with FTS5.
pub(super) struct FullText(Connection);

impl FullText {
    /// Fills a new file.
    pub(super) fn fill(file: &Path, archive: &Archive) -> anyhow::Result<Self> {
        let mut connection = Connection::open(file).context("cannot open the peer's file")?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE VIRTUAL TABLE words USING fts5 (title, body, tokenize = 'porter unicode61')",
        )?;
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction
                .prepare("INSERT INTO words (rowid, title, body) VALUES (?1, ?2, ?3)")?;
            for number in 0..archive.len() {
                let row = params![number as i64 + 1, archive.title(number), archive.text(number)];
                insert.execute(row)?;
            }
        }
        transaction.commit()?;
        Ok(Self(connection))
    }

    /// Asks the same questions: all the words, and where these are few, any of them.
    pub(super) fn questions(&self, archive: &Archive) -> anyhow::Result<Vec<Timed>> {
        let mut dozen = Vec::new();
        let mut two = Vec::new();
        for number in 0..QUESTIONS {
            let question = archive.question(number);
            dozen.push(self.ask(&question.text)?);
            two.push(self.ask(&question.brief())?);
        }
        Ok(vec![Timed::of("FTS5, a dozen words", dozen, 0), Timed::of("FTS5, two words", two, 0)])
    }

    fn ask(&self, text: &str) -> anyhow::Result<Duration> {
        let started = Instant::now();
        for operator in [" AND ", " OR "] {
            let quoted: Vec<String> = text.split(' ').map(|word| format!("\"{word}\"")).collect();
            let mut statement = self.0.prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 ORDER BY bm25(words, 2.5, 1.0)
                 LIMIT 100",
            )?;
            let found = statement.query_map([quoted.join(operator)], |row| row.get::<_, i64>(0))?;
            if found.count() == 100 {
                break;
            }
        }
        Ok(started.elapsed())
    }
}
