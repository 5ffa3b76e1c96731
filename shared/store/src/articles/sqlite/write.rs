//! Upserts.

use courant_file_vectors::tables::row_number;
use courant_file_vectors::{Resident, tables};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::articles::facts::{self, Facts};
use crate::articles::record::{StoredArticle, UpsertOutcome};
use crate::articles::row::ArticleRow;
use crate::articles::sqlite::changes::last_change;
use crate::articles::{batch, encoder, tombstones};
use crate::claims::obligation::ClosedClaim;
use crate::claims::sqlite::{forget, settle};
use crate::error::Error;
use crate::sqlite::Sqlite;

const INSERT: &str = "
INSERT INTO article (id, revision, url, content_hash, title, authors, published_at,
    declared_language, language, site_name, body, truncated, source, submission_id, decision,
    syndicated_of, model, analysis, stored_at_ms, page, feed, evidence, change,
    first_observed_ms, site, published_ms, sentiment)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21, ?22, ?23, ?2, ?24, ?25, ?26)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, url = excluded.url,
    content_hash = excluded.content_hash, title = excluded.title, authors = excluded.authors,
    published_at = excluded.published_at, declared_language = excluded.declared_language,
    language = excluded.language, site_name = excluded.site_name, body = excluded.body,
    truncated = excluded.truncated, source = excluded.source,
    submission_id = excluded.submission_id, decision = excluded.decision,
    syndicated_of = excluded.syndicated_of, model = excluded.model, analysis = excluded.analysis,
    stored_at_ms = excluded.stored_at_ms, page = excluded.page, feed = excluded.feed,
    evidence = excluded.evidence, change = excluded.change, site = excluded.site,
    published_ms = excluded.published_ms, sentiment = excluded.sentiment
RETURNING number";

/// A batch that the writer's thread can own.
struct Prepared {
    rows: Vec<(usize, ArticleRow)>,
    encoder: Option<String>,
    size: usize,
}

impl Prepared {
    fn of(records: &[StoredArticle], dimension: usize) -> Result<Self, Error> {
        let kept = batch::kept(records, dimension)?;
        let row = |(place, record): (usize, &StoredArticle)| Ok((place, ArticleRow::of(record)?));
        let encoder = encoder::of(kept.iter().map(|(_, record)| *record))?.map(str::to_owned);
        let rows = kept.into_iter().map(row).collect::<Result<_, Error>>()?;
        Ok(Self { rows, encoder, size: records.len() })
    }
}

/// The changes of an upsert.
struct Written {
    outcomes: Vec<UpsertOutcome>,
    /// By the numbers of their articles.
    vectors: Vec<(u32, Vec<f32>)>,
}

impl Written {
    /// Brings the vectors in memory in step with the file.
    fn follow(&self, resident: &mut Resident) {
        for (number, vector) in &self.vectors {
            resident
                .set(*number, vector)
                .expect("the batch was checked against the store's dimension");
        }
    }
}

/// The vectors in memory follow each commit.
pub(in crate::articles) async fn upsert(
    file: &Sqlite,
    records: &[StoredArticle],
    dimension: usize,
) -> Result<Vec<UpsertOutcome>, Error> {
    let prepared = Prepared::of(records, dimension)?;
    let work = move |connection: &Connection| write_all(connection, prepared);
    let written = file.write_vectors(work, Written::follow).await?;
    Ok(written.outcomes)
}

fn write_all(connection: &Connection, prepared: Prepared) -> Result<Written, Error> {
    if let Some(encoder) = &prepared.encoder {
        encoder::agree_in_sqlite(connection, encoder)?;
    }
    let mut stored = connection.prepare_cached("SELECT revision FROM article WHERE id = ?1")?;
    let mut insert = connection.prepare_cached(INSERT)?;
    let mut kept = Vec::with_capacity(prepared.rows.len());
    let (mut settled, mut changed) = (Vec::new(), Vec::new());
    let mut change = last_change(connection)?;
    for (place, mut row) in prepared.rows {
        if tombstones::is_deleted(connection, &row.id)? {
            forget(connection, &row.id)?;
            kept.push((place, UpsertOutcome::Deleted));
            continue;
        }
        if let Some(first) = &row.syndicated_of
            && tombstones::is_deleted(connection, first)?
        {
            row.becomes_first();
        }
        settled.push(ClosedClaim::of(&row));
        let before: Option<i64> = stored.query_row([&row.id], |row| row.get(0)).optional()?;
        let outcome = match before {
            None => UpsertOutcome::Inserted,
            Some(before) if row.revision > before => UpsertOutcome::Updated,
            Some(_) => UpsertOutcome::Unchanged,
        };
        if outcome != UpsertOutcome::Unchanged {
            change += 1;
            let facts = Facts::of(&row)?;
            let number = write(&mut insert, &row, &facts, change)?;
            facts::sqlite::write(connection, &row.id, &facts)?;
            tables::write(connection, number, &row.vector)?;
            changed.push((row_number(number)?, row.vector));
        }
        kept.push((place, outcome));
    }
    connection.execute("UPDATE setting SET value = ?1 WHERE name = 'change'", [change])?;
    settle(connection, &settled)?;
    Ok(Written { outcomes: batch::outcomes(prepared.size, kept), vectors: changed })
}

/// Returns the article's number.
fn write(
    insert: &mut CachedStatement<'_>,
    row: &ArticleRow,
    facts: &Facts,
    change: i64,
) -> Result<i64, Error> {
    let columns = params![
        row.id,
        row.revision,
        row.url,
        row.content_hash,
        row.title,
        row.authors,
        row.published_at,
        row.declared_language,
        row.language,
        row.site_name,
        row.body,
        row.truncated,
        row.source,
        row.submission_id,
        row.decision,
        row.syndicated_of,
        row.model,
        row.analysis,
        row.stored_at_ms,
        row.page,
        row.feed,
        row.evidence,
        change,
        facts.site,
        facts.published_ms,
        facts.sentiment,
    ];
    Ok(insert.query_row(columns, |row| row.get(0))?)
}
