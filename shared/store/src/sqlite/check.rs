//! Checks a store's file, and saves the readable part of a damaged one.
//!
//! Saving makes a new file and copies every row that can be read: a row may be lost, the
//! rest is not. The indexes are made anew on the way.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use courant_article::ArticleId;
use courant_file_vectors::tables::{remake_codes, wrong_codes};
use courant_salvage::{Damaged, Rows, damage, new_file_for, put_in_place};
use rusqlite::Connection;
use serde::Serialize;

use super::schema::{open_for_reading, open_or_create};
use crate::articles::facts;
use crate::claims::obligation::ClosedClaim;
use crate::claims::sqlite::settle;
use crate::columns::article_id;
use crate::error::Error;

/// The most problems and ids that are named.
const MOST_NAMED: i64 = 1_000;
/// Names of fingerprints begin with two bytes, evenly spread: one part of them is lost
/// together where a page of them is.
const PARTS: i64 = 1 << 16;
/// Row numbers up to here are tried where no number can be read.
const GUESSED_NEWEST: i64 = 1_000_000;

/// The state of a store's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreCheck {
    /// Stored articles.
    pub articles: u64,
    /// Accepted articles that are not stored yet.
    pub open_claims: u64,
    /// Descriptions of the damage. Empty if the file is intact.
    pub problems: Vec<String>,
    /// Articles that were stored according to their claims, but are missing; 1,000 at most.
    pub lost: Vec<ArticleId>,
}

impl StoreCheck {
    /// Returns true if the file is intact.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.lost.is_empty()
    }
}

/// The outcome of a repair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StoreRepair {
    /// Articles in the new file.
    pub saved: u64,
    /// Articles that were stored according to their claims, but cannot be read; 1,000 at most.
    /// They are accepted when they are submitted again.
    pub lost: Vec<ArticleId>,
    /// Tables that were not saved as a whole: of the crawler's state, which it gathers again, and the
    /// `tombstone`s, without which deleted articles may come back.
    pub lost_tables: Vec<String>,
    /// The damaged file.
    pub kept_at: PathBuf,
}

/// A question whose answer is 0 in a whole file, with the problem that it counts.
const QUESTIONS: [(&str, &str); 3] = [
    (
        "SELECT count(*) FROM article LEFT JOIN article_vector USING (number)
         WHERE coalesce(length(vector), 0) <> 4 * (
             SELECT value FROM setting WHERE name = 'dimension')",
        "articles have no vector of the store's dimension",
    ),
    (
        "SELECT count(*) FROM article LEFT JOIN fingerprint USING (id)
         WHERE fingerprint.id IS NULL",
        "articles are unknown to the duplicate index",
    ),
    (
        "SELECT count(*) FROM (SELECT id FROM article_name UNION SELECT id FROM article_topic)
         WHERE id NOT IN (SELECT id FROM article)",
        "articles that are not stored have names or topics",
    ),
];

/// Looks through every page, and matches articles, vectors and claims.
pub(crate) fn check(path: &Path, dimension: usize) -> Result<StoreCheck, Error> {
    let file = open_for_reading(path, dimension)?;
    let mut problems = damage(&file).unwrap_or_else(|error| vec![error.to_string()]);
    for (query, problem) in QUESTIONS {
        match count(&file, query) {
            Ok(0) => {}
            Ok(rows) => problems.push(format!("{rows} {problem}")),
            Err(error) => problems.push(error.to_string()),
        }
    }
    match wrong_codes(&file) {
        Ok(0) => {}
        Ok(codes) => problems.push(format!("{codes} vectors have another code than theirs")),
        Err(error) => problems.push(error.to_string()),
    }
    match facts::sqlite::wrong(&file) {
        Ok(0) => {}
        Ok(articles) => problems.push(format!("{articles} articles have other facts in tables")),
        Err(error) => problems.push(error.to_string()),
    }
    // One page may fail several of them.
    problems.dedup();
    // A question that fails has been named above.
    Ok(StoreCheck {
        articles: count(&file, "SELECT count(*) FROM article").unwrap_or(0),
        open_claims: count(&file, "SELECT count(*) FROM fingerprint WHERE open = 1").unwrap_or(0),
        lost: lost(&file).unwrap_or_default(),
        problems: problems
            .into_iter()
            .map(|found| format!("{}: {found}", path.display()))
            .collect(),
    })
}

fn count(file: &Connection, query: &str) -> rusqlite::Result<u64> {
    file.query_row(query, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// Articles that were stored, by their claims, and are not there.
fn lost(file: &Connection) -> Result<Vec<ArticleId>, Error> {
    let mut statement = file.prepare(
        "SELECT id FROM fingerprint WHERE decision <> 'duplicate' AND open = 0
             AND NOT EXISTS (SELECT 1 FROM article WHERE article.id = fingerprint.id)
         LIMIT ?1",
    )?;
    let ids = statement.query_map([MOST_NAMED], |row| row.get::<_, Vec<u8>>(0))?;
    ids.map(|id| article_id(&id?)).collect()
}

/// Saves what can be read into a new file, which takes the place of the old one; that is
/// kept beside it. The caller holds the lock.
pub(crate) fn repair(path: &Path, dimension: usize) -> Result<StoreRepair, Error> {
    let moved = |error| Error::Open { path: path.to_owned(), source: Arc::new(error) };
    let fresh = new_file_for(path).map_err(moved)?;
    let file = open_or_create(&fresh, dimension)?;
    file.execute_batch("BEGIN IMMEDIATE")?;
    let version = file.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let damaged = Damaged::open(path, version).map_err(moved)?;
    check_version(&damaged, version)?;
    let lost_tables = copy_all(&damaged, &file, dimension)?;
    drop(damaged);
    remake_codes(&file)?;
    for unreadable in facts::sqlite::remake(&file)? {
        file.execute("DELETE FROM article WHERE number = ?1", [unreadable])?;
    }
    close_claims(&file)?;
    let lost = lost(&file)?;
    file.execute(
        "UPDATE fingerprint SET decision = 'duplicate', of = NULL
         WHERE decision <> 'duplicate' AND open = 0
             AND NOT EXISTS (SELECT 1 FROM article WHERE article.id = fingerprint.id)",
        [],
    )?;
    let saved = count(&file, "SELECT count(*) FROM article")?;
    file.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")?;
    file.close().map_err(|(_, error)| error)?;
    let kept_at = put_in_place(&fresh, path).map_err(moved)?;
    Ok(StoreRepair { saved, lost, lost_tables, kept_at })
}

/// Rows are copied as they are, so both files need the same tables. A version that cannot be
/// read is taken for this one.
fn check_version(damaged: &Connection, known: i64) -> Result<(), Error> {
    match damaged.pragma_query_value(None, "user_version", |row| row.get(0)) {
        Ok(found) if found < known => Err(Error::Older { found, known }),
        _ => Ok(()),
    }
}

/// Returns the tables that could not be copied as a whole.
fn copy_all(
    damaged: &Connection,
    file: &Connection,
    dimension: usize,
) -> Result<Vec<String>, Error> {
    let numbered = |first: i64, last: i64| [first.into(), last.into()];
    let article = newest(damaged, &["SELECT max(number) FROM article"]);
    let sketch = newest(damaged, &["SELECT max(number) FROM sketch"]);
    copy_articles(damaged, file, dimension, article)?;
    let sketches = Rows::new(damaged, file, "sketch", "number BETWEEN ?1 AND ?2");
    sketches.copy_in_halves(1, sketch, numbered)?;
    let fingerprints = Rows::new(damaged, file, "fingerprint", "id BETWEEN ?1 AND ?2");
    fingerprints.copy_in_halves(0, PARTS - 1, |first, last| {
        let start = first.to_be_bytes()[6..].to_vec();
        [start.into(), [&last.to_be_bytes()[6..], &[0xff; 14]].concat().into()]
    })?;
    copy_history(damaged, file)?;
    let mut lost = Vec::new();
    let tables =
        ["visit", "listing", "crawl_note", "crawl_lease", "crawl_holder", "tombstone", "erasure"];
    for table in tables {
        if !Rows::copy_table(damaged, file, table)? {
            lost.push(table.to_owned());
        }
    }
    Ok(lost)
}

/// Copies the articles that have a whole vector, up to the number `newest`.
fn copy_articles(
    damaged: &Connection,
    file: &Connection,
    dimension: usize,
    newest: i64,
) -> Result<(), Error> {
    let numbered = |first: i64, last: i64| [first.into(), last.into()];
    let whole = format!("number BETWEEN ?1 AND ?2 AND length(vector) = {}", 4 * dimension);
    let vectors = Rows::new(damaged, file, "article_vector", &whole);
    vectors.copy_in_halves(1, newest, numbered)?;
    let with_vector = format!(
        "number BETWEEN ?1 AND ?2
             AND EXISTS (SELECT 1 FROM article_vector AS of WHERE of.number = article.number
                         AND length(of.vector) = {})",
        4 * dimension
    );
    let articles = Rows::new(damaged, file, "article", &with_vector);
    articles.copy_in_halves(1, newest, numbered)?;
    file.execute(
        "DELETE FROM article_vector WHERE number NOT IN (SELECT number FROM article)",
        [],
    )?;
    Ok(())
}

/// Copies what is left of replaced versions and deletions. The saved file begins a history of its
/// own, behind the greatest number that was saved.
fn copy_history(damaged: &Connection, file: &Connection) -> Result<(), Error> {
    for table in ["article_revision", "article_deletion"] {
        if !Rows::copy_table(damaged, file, table)? {
            tracing::warn!(table, "a table could not be saved as a whole");
        }
    }
    file.execute(
        "UPDATE setting SET value = (
             SELECT max(coalesce(max(article.change), 0),
                 (SELECT coalesce(max(change), 0) FROM article_deletion)) FROM article)
         WHERE name = 'change'",
        [],
    )?;
    Ok(())
}

/// The first answer to one of `queries`. Numbers are given one after the other: where none
/// can be read, a guess.
fn newest(damaged: &Connection, queries: &[&str]) -> i64 {
    let answer = |query: &&str| {
        damaged.query_row(query, [], |row| row.get::<_, Option<i64>>(0)).ok().flatten()
    };
    queries.iter().find_map(answer).unwrap_or(GUESSED_NEWEST)
}

/// Articles whose fingerprints were lost get new ones.
fn close_claims(file: &Connection) -> Result<(), Error> {
    let mut statement = file.prepare(
        "SELECT article.id, article.content_hash, url, article.revision, article.decision,
             syndicated_of, stored_at_ms
         FROM article LEFT JOIN fingerprint USING (id)
         WHERE fingerprint.id IS NULL OR fingerprint.revision <= article.revision",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let settled = ClosedClaim::new(
            row.get(0)?,
            row.get(1)?,
            &row.get::<_, String>(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
            row.get(6)?,
        );
        settle(file, std::slice::from_ref(&settled))?;
    }
    Ok(())
}
