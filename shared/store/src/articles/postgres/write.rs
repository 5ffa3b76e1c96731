//! Upserts.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use courant_postgres::{Queries, Session, Transaction};
use pgvector::HalfVector;
use tokio_postgres::Row;

use crate::articles::encoder::{self, Encoder};
use crate::articles::facts::{self, Facts};
use crate::articles::record::{StoredArticle, UpsertOutcome};
use crate::articles::row::ArticleRow;
use crate::articles::{batch, tombstones};
use crate::claims::obligation::ClosedClaim;
use crate::claims::postgres::{forget, settle};
use crate::error::Error;

/// The place of each article of the batch: the time of its first observation, and its number. The
/// row of one that is stored is locked, so that nobody deletes the article meanwhile. `xmax` is 0 in
/// a row that was inserted.
const PLACES: &str = "
INSERT INTO article_place (id, first_observed_ms)
SELECT id, revision FROM unnest($1::bytea[], $2::bigint[]) AS row (id, revision)
ON CONFLICT (id) DO UPDATE SET first_observed_ms = article_place.first_observed_ms
RETURNING id, first_observed_ms, number, xmax = 0";

/// One statement for the whole batch: a column comes as an array. A row whose revision is not
/// greater is neither written nor returned.
const UPSERT: &str = "
INSERT INTO article (id, revision, url, content_hash, title, authors, published_at,
    declared_language, language, site_name, body, truncated, source, submission_id, decision,
    syndicated_of, model, analysis, stored_at_ms, page, feed, evidence,
    first_observed_ms, number, site, published_ms, sentiment)
SELECT id, revision, url, content_hash, title, authors::json, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of,
    model::json, analysis::json, stored_at_ms, page::json, feed::json,
    evidence::json, first_observed_ms, number, site, published_ms, sentiment
FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::text[],
    $14::text[], $15::text[], $16::bytea[], $17::text[], $18::text[], $19::bigint[], $20::text[],
    $21::text[], $22::text[], $23::bigint[], $24::bigint[], $25::text[], $26::bigint[],
    $27::real[])
AS row (id, revision, url, content_hash, title, authors, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of, model,
    analysis, stored_at_ms, page, feed, evidence, first_observed_ms, number, site, published_ms,
    sentiment)
ON CONFLICT (first_observed_ms, id) DO UPDATE SET revision = excluded.revision,
    url = excluded.url, content_hash = excluded.content_hash, title = excluded.title,
    authors = excluded.authors, published_at = excluded.published_at,
    declared_language = excluded.declared_language, language = excluded.language,
    site_name = excluded.site_name, body = excluded.body, truncated = excluded.truncated,
    source = excluded.source, submission_id = excluded.submission_id,
    decision = excluded.decision, syndicated_of = excluded.syndicated_of, model = excluded.model,
    analysis = excluded.analysis, stored_at_ms = excluded.stored_at_ms, page = excluded.page,
    feed = excluded.feed, evidence = excluded.evidence, site = excluded.site,
    published_ms = excluded.published_ms, sentiment = excluded.sentiment
WHERE excluded.revision > article.revision
RETURNING id";

/// The place of an article in the tables.
#[derive(Clone, Copy)]
struct Place {
    first_observed_ms: i64,
    number: i64,
    is_new: bool,
}

/// An article of the batch as it is written.
struct Line<'a> {
    row: &'a ArticleRow,
    facts: &'a Facts,
    place: Place,
}

pub(in crate::articles) async fn upsert(
    client: &mut Session,
    known: &OnceLock<Encoder>,
    records: &[StoredArticle],
    dimension: usize,
) -> Result<Vec<UpsertOutcome>, Error> {
    let kept = batch::kept(records, dimension)?;
    let Some(encoder) = encoder::of(kept.iter().map(|(_, record)| *record))? else {
        return Ok(Vec::new());
    };
    let mut rows: Vec<ArticleRow> =
        kept.iter().map(|(_, record)| ArticleRow::of(record)).collect::<Result<_, _>>()?;
    let facts: Vec<Facts> = rows.iter().map(Facts::of).collect::<Result<_, _>>()?;
    let encoder = encoder::agree_in_postgres(client, known, encoder).await?;
    let revisions: Vec<i64> = rows.iter().map(|row| row.revision).collect();
    courant_partitions::ensure(client, &encoder.relation, &revisions).await?;

    // Each statement must see what others committed before it.
    let transaction = client.read_committed().await?;
    let places = places(&transaction, &rows).await?;
    // Behind the locks of the places: whoever deletes one of the articles has done it.
    let deleted = leave_out_deleted(&transaction, &mut rows).await?;
    let lines = lines(&rows, &facts, &places, &deleted)?;
    let settled: Vec<_> = lines.iter().map(|line| ClosedClaim::of(line.row)).collect();
    let written = write(&transaction, &lines).await?;
    let changed: Vec<&Line<'_>> =
        lines.iter().filter(|line| written.contains(&line.row.id)).collect();
    write_vectors(&transaction, &encoder, &changed).await?;
    write_facts(&transaction, &changed).await?;
    settle(&transaction, &settled).await?;
    transaction.commit().await?;

    let outcome = |((place, _), row): (&(usize, &StoredArticle), &ArticleRow)| {
        let is_new = places.get(&row.id).is_some_and(|place| place.is_new);
        let outcome = match (written.contains(&row.id), is_new) {
            _ if deleted.contains(&row.id) => UpsertOutcome::Deleted,
            (false, _) => UpsertOutcome::Unchanged,
            (true, true) => UpsertOutcome::Inserted,
            (true, false) => UpsertOutcome::Updated,
        };
        (*place, outcome)
    };
    Ok(batch::outcomes(records.len(), kept.iter().zip(&rows).map(outcome)))
}

/// Returns the ids of `rows` that were deleted, and forgets their places and claims. Copies of
/// deleted articles become the first ones of their texts.
async fn leave_out_deleted(
    client: &Transaction<'_>,
    rows: &mut [ArticleRow],
) -> Result<HashSet<Vec<u8>>, Error> {
    let ids: Vec<&[u8]> = rows
        .iter()
        .flat_map(|row| std::iter::once(row.id.as_slice()).chain(row.syndicated_of.as_deref()))
        .collect();
    let deleted: HashSet<Vec<u8>> = tombstones::deleted(client, &ids).await?.into_iter().collect();
    if deleted.is_empty() {
        return Ok(deleted);
    }
    for row in rows.iter_mut() {
        if row.syndicated_of.as_ref().is_some_and(|first| deleted.contains(first)) {
            row.becomes_first();
        }
    }
    let gone: Vec<&[u8]> =
        rows.iter().map(|row| row.id.as_slice()).filter(|id| deleted.contains(*id)).collect();
    client.execute("DELETE FROM article_place WHERE id = ANY ($1)", &[&gone]).await?;
    forget(client, &gone).await?;
    Ok(deleted)
}

/// Returns the places of the articles by their ids. New ones get places.
async fn places(
    client: &Transaction<'_>,
    rows: &[ArticleRow],
) -> Result<HashMap<Vec<u8>, Place>, Error> {
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.id.as_slice()).collect();
    let revisions: Vec<i64> = rows.iter().map(|row| row.revision).collect();
    let found = client.query(PLACES, &[&ids, &revisions]).await?;
    let place = |row: &Row| -> Result<_, Error> {
        let (first_observed_ms, number, is_new) =
            (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        Ok((row.try_get(0)?, Place { first_observed_ms, number, is_new }))
    };
    found.iter().map(place).collect()
}

fn lines<'a>(
    rows: &'a [ArticleRow],
    facts: &'a [Facts],
    places: &HashMap<Vec<u8>, Place>,
    left_out: &HashSet<Vec<u8>>,
) -> Result<Vec<Line<'a>>, Error> {
    let line = |(row, facts): (&'a ArticleRow, &'a Facts)| {
        let place = places.get(&row.id).copied();
        let place = place.ok_or_else(|| Error::Corrupt("article_place".into()))?;
        Ok(Line { row, facts, place })
    };
    let is_written = |(row, _): &(&ArticleRow, &Facts)| !left_out.contains(&row.id);
    rows.iter().zip(facts).filter(is_written).map(line).collect()
}

/// Writes the articles, and returns the ids of those that changed.
async fn write(client: &Transaction<'_>, lines: &[Line<'_>]) -> Result<HashSet<Vec<u8>>, Error> {
    macro_rules! column {
        ($row:ident => $value:expr) => {
            &lines.iter().map(|Line { row: $row, .. }| $value).collect::<Vec<_>>()
        };
        (fact $fact:ident => $value:expr) => {
            &lines.iter().map(|Line { facts: $fact, .. }| $value).collect::<Vec<_>>()
        };
        (place $place:ident => $value:expr) => {
            &lines.iter().map(|Line { place: $place, .. }| $value).collect::<Vec<_>>()
        };
    }
    let returned = client
        .query(
            UPSERT,
            &[
                column!(row => row.id.as_slice()),
                column!(row => row.revision),
                column!(row => row.url.as_str()),
                column!(row => row.content_hash.as_slice()),
                column!(row => row.title.as_str()),
                column!(row => row.authors.as_str()),
                column!(row => row.published_at.as_deref()),
                column!(row => row.declared_language.as_deref()),
                column!(row => row.language.as_deref()),
                column!(row => row.site_name.as_deref()),
                column!(row => row.body.as_str()),
                column!(row => row.truncated),
                column!(row => row.source.as_str()),
                column!(row => row.submission_id.as_str()),
                column!(row => row.decision.as_str()),
                column!(row => row.syndicated_of.as_deref()),
                column!(row => row.model.as_str()),
                column!(row => row.analysis.as_str()),
                column!(row => row.stored_at_ms),
                column!(row => row.page.as_deref()),
                column!(row => row.feed.as_deref()),
                column!(row => row.evidence.as_deref()),
                column!(place place => place.first_observed_ms),
                column!(place place => place.number),
                column!(fact fact => fact.site.as_str()),
                column!(fact fact => fact.published_ms),
                column!(fact fact => fact.sentiment),
            ],
        )
        .await?;
    returned.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Writes the vectors of changed articles.
async fn write_vectors(
    client: &Transaction<'_>,
    encoder: &Encoder,
    changed: &[&Line<'_>],
) -> Result<(), Error> {
    let upsert = format!(
        "INSERT INTO {} (first_observed_ms, id, number, site, language, published_ms, vector)
         SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[], $5::text[],
             $6::bigint[], $7::halfvec[])
         ON CONFLICT (first_observed_ms, id) DO UPDATE SET site = excluded.site,
             language = excluded.language, published_ms = excluded.published_ms,
             vector = excluded.vector",
        encoder.relation,
    );
    macro_rules! column {
        ($line:ident => $value:expr) => {
            &changed.iter().map(|$line| $value).collect::<Vec<_>>()
        };
    }
    client
        .execute(
            &upsert,
            &[
                column!(line => line.place.first_observed_ms),
                column!(line => line.row.id.as_slice()),
                column!(line => line.place.number),
                column!(line => line.facts.site.as_str()),
                column!(line => line.row.language.as_deref()),
                column!(line => line.facts.published_ms),
                column!(line => HalfVector::from_f32_slice(&line.row.vector)),
            ],
        )
        .await?;
    Ok(())
}

/// Writes the facts of changed articles.
async fn write_facts(transaction: &Transaction<'_>, changed: &[&Line<'_>]) -> Result<(), Error> {
    let articles: Vec<_> =
        changed.iter().map(|line| (line.row.id.as_slice(), line.facts)).collect();
    let had_others = changed.iter().filter(|line| !line.place.is_new);
    let replaced: Vec<_> = had_others.map(|line| line.row.id.as_slice()).collect();
    facts::postgres::write(transaction, &articles, &replaced).await
}
