//! Upserts.

use std::collections::HashMap;

use deadpool_postgres::{Client, Transaction};
use pgvector::HalfVector;

use crate::articles::batch;
use crate::articles::record::{StoredArticle, UpsertOutcome};
use crate::articles::row::ArticleRow;
use crate::claims::obligation::ClosedClaim;
use crate::claims::postgres::settle;
use crate::error::Error;

/// One statement for the whole batch: a column comes as an array. `xmax` is 0
/// in a row that was inserted; a row whose revision is not greater is neither
/// written nor returned.
const UPSERT: &str = "
INSERT INTO article (id, revision, url, content_hash, title, authors, published_at,
    declared_language, language, site_name, body, truncated, source, submission_id, decision,
    syndicated_of, model, analysis, vector, stored_at_ms, page, feed, evidence)
SELECT id, revision, url, content_hash, title, authors::json, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of,
    model::json, analysis::json, vector, stored_at_ms, page::json, feed::json,
    evidence::json
FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::text[],
    $14::text[], $15::text[], $16::bytea[], $17::text[], $18::text[], $19::halfvec[],
    $20::bigint[], $21::text[], $22::text[], $23::text[])
AS row (id, revision, url, content_hash, title, authors, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of, model,
    analysis, vector, stored_at_ms, page, feed, evidence)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, url = excluded.url,
    content_hash = excluded.content_hash, title = excluded.title, authors = excluded.authors,
    published_at = excluded.published_at, declared_language = excluded.declared_language,
    language = excluded.language, site_name = excluded.site_name, body = excluded.body,
    truncated = excluded.truncated, source = excluded.source,
    submission_id = excluded.submission_id, decision = excluded.decision,
    syndicated_of = excluded.syndicated_of, model = excluded.model, analysis = excluded.analysis,
    vector = excluded.vector, stored_at_ms = excluded.stored_at_ms, page = excluded.page,
    feed = excluded.feed, evidence = excluded.evidence
WHERE excluded.revision > article.revision
RETURNING id, xmax = 0";

pub(in crate::articles) async fn upsert(
    client: &mut Client,
    records: &[StoredArticle],
    dimension: usize,
) -> Result<Vec<UpsertOutcome>, Error> {
    let kept = batch::kept(records, dimension)?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ArticleRow> =
        kept.iter().map(|(_, record)| ArticleRow::of(record)).collect::<Result<_, _>>()?;
    let settled: Vec<_> = rows.iter().map(ClosedClaim::of).collect();
    let transaction = client.transaction().await?;
    let written = write(&transaction, &rows).await?;
    settle(&transaction, &settled).await?;
    transaction.commit().await?;
    let outcome = |(place, row): (&(usize, &StoredArticle), &ArticleRow)| {
        let inserted = written.get(&row.id).copied();
        let outcome = match inserted {
            Some(true) => UpsertOutcome::Inserted,
            Some(false) => UpsertOutcome::Updated,
            None => UpsertOutcome::Unchanged,
        };
        (place.0, outcome)
    };
    Ok(batch::outcomes(records.len(), kept.iter().zip(&rows).map(outcome)))
}

/// Which articles were written, and whether they are new.
async fn write(
    client: &Transaction<'_>,
    rows: &[ArticleRow],
) -> Result<HashMap<Vec<u8>, bool>, Error> {
    macro_rules! column {
        ($row:ident => $value:expr) => {
            &rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    let statement = client.prepare_cached(UPSERT).await?;
    let returned = client
        .query(
            &statement,
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
                column!(row => HalfVector::from_f32_slice(&row.vector)),
                column!(row => row.stored_at_ms),
                column!(row => row.page.as_deref()),
                column!(row => row.feed.as_deref()),
                column!(row => row.evidence.as_deref()),
            ],
        )
        .await?;
    Ok(returned.iter().map(|row| (row.get(0), row.get(1))).collect())
}
