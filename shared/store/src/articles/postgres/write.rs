//! Upserts.

use std::collections::HashMap;

use pgvector::HalfVector;

use crate::articles::batch;
use crate::articles::facts::{self, Facts};
use crate::articles::record::{StoredArticle, UpsertOutcome};
use crate::articles::row::ArticleRow;
use crate::claims::obligation::ClosedClaim;
use crate::claims::postgres::settle;
use crate::error::Error;
use crate::postgres::session::{Queries, Session, Transaction};

/// One statement for the whole batch: a column comes as an array. `xmax` is 0
/// in a row that was inserted; a row whose revision is not greater is neither
/// written nor returned.
const UPSERT: &str = "
INSERT INTO article (id, revision, url, content_hash, title, authors, published_at,
    declared_language, language, site_name, body, truncated, source, submission_id, decision,
    syndicated_of, model, analysis, vector, stored_at_ms, page, feed, evidence,
    first_observed_ms, site, published_ms, sentiment)
SELECT id, revision, url, content_hash, title, authors::json, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of,
    model::json, analysis::json, vector, stored_at_ms, page::json, feed::json,
    evidence::json, revision, site, published_ms, sentiment
FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[], $5::text[], $6::text[],
    $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::text[],
    $14::text[], $15::text[], $16::bytea[], $17::text[], $18::text[], $19::halfvec[],
    $20::bigint[], $21::text[], $22::text[], $23::text[], $24::text[], $25::bigint[],
    $26::real[])
AS row (id, revision, url, content_hash, title, authors, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of, model,
    analysis, vector, stored_at_ms, page, feed, evidence, site, published_ms, sentiment)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, url = excluded.url,
    content_hash = excluded.content_hash, title = excluded.title, authors = excluded.authors,
    published_at = excluded.published_at, declared_language = excluded.declared_language,
    language = excluded.language, site_name = excluded.site_name, body = excluded.body,
    truncated = excluded.truncated, source = excluded.source,
    submission_id = excluded.submission_id, decision = excluded.decision,
    syndicated_of = excluded.syndicated_of, model = excluded.model, analysis = excluded.analysis,
    vector = excluded.vector, stored_at_ms = excluded.stored_at_ms, page = excluded.page,
    feed = excluded.feed, evidence = excluded.evidence, site = excluded.site,
    published_ms = excluded.published_ms, sentiment = excluded.sentiment
WHERE excluded.revision > article.revision
RETURNING id, xmax = 0";

pub(in crate::articles) async fn upsert(
    client: &mut Session,
    records: &[StoredArticle],
    dimension: usize,
) -> Result<Vec<UpsertOutcome>, Error> {
    let kept = batch::kept(records, dimension)?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<ArticleRow> =
        kept.iter().map(|(_, record)| ArticleRow::of(record)).collect::<Result<_, _>>()?;
    let facts: Vec<Facts> = rows.iter().map(Facts::of).collect::<Result<_, _>>()?;
    let settled: Vec<_> = rows.iter().map(ClosedClaim::of).collect();
    let transaction = client.transaction().await?;
    let written = write(&transaction, &rows, &facts).await?;
    write_facts(&transaction, &rows, &facts, &written).await?;
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
    facts: &[Facts],
) -> Result<HashMap<Vec<u8>, bool>, Error> {
    macro_rules! column {
        ($row:ident => $value:expr) => {
            &rows.iter().map(|$row| $value).collect::<Vec<_>>()
        };
        (fact $row:ident => $value:expr) => {
            &facts.iter().map(|$row| $value).collect::<Vec<_>>()
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
                column!(row => HalfVector::from_f32_slice(&row.vector)),
                column!(row => row.stored_at_ms),
                column!(row => row.page.as_deref()),
                column!(row => row.feed.as_deref()),
                column!(row => row.evidence.as_deref()),
                column!(fact row => row.site.as_str()),
                column!(fact row => row.published_ms),
                column!(fact row => row.sentiment),
            ],
        )
        .await?;
    Ok(returned.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The facts of an article follow its row.
async fn write_facts(
    transaction: &Transaction<'_>,
    rows: &[ArticleRow],
    facts: &[Facts],
    written: &HashMap<Vec<u8>, bool>,
) -> Result<(), Error> {
    let (mut articles, mut replaced) = (Vec::new(), Vec::new());
    for (row, facts) in rows.iter().zip(facts) {
        let Some(is_new) = written.get(&row.id) else { continue };
        articles.push((row.id.as_slice(), facts));
        if !is_new {
            replaced.push(row.id.as_slice());
        }
    }
    facts::postgres::write(transaction, &articles, &replaced).await
}
