//! Articles, lists of them, full text and vectors.

use courant_article::{ArticleId, Embedding, Revision};
use deadpool_postgres::Client;
use pgvector::HalfVector;
use tokio_postgres::Row as SqlRow;

use crate::articles::query::{CANDIDATES, Terms};
use crate::articles::record::{ArticleSummary, Candidate, FoundArticle, StoredArticle};
use crate::articles::row::ArticleRow;
use crate::articles::snippet::SOURCE;
use crate::columns::{article_id, content_hash, instant, optional_id, parsed, published};
use crate::error::Error;

const ARTICLE: &str = "
SELECT id, revision, url, content_hash, title, authors::text, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of,
    model::text, analysis::text, vector, stored_at_ms, page::text, feed::text,
    evidence::text
FROM article WHERE id = $1";

/// `$1`: wanted words and phrases, `$2`: unwanted ones, `$3`: how the wanted
/// ones are joined. A term of stop words alone is an empty query: it is left
/// out. The text form of a tsquery is quoted, so it can be joined and read back.
///
/// Ranking reads each match's whole tsvector (0.1 ms): of very many matches only
/// the newest, `$5`, are ranked.
const MATCHING: &str = "
WITH wanted AS (
    SELECT string_agg('(' || term::text || ')', $3)::tsquery AS query
    FROM unnest($1::text[]) AS phrase, phraseto_tsquery('english', phrase) AS term
    WHERE numnode(term) > 0
), unwanted AS (
    SELECT string_agg('!(' || term::text || ')', ' & ')::tsquery AS query
    FROM unnest($2::text[]) AS phrase, phraseto_tsquery('english', phrase) AS term
    WHERE numnode(term) > 0
), asked AS (
    SELECT CASE WHEN unwanted.query IS NULL THEN wanted.query
                ELSE wanted.query && unwanted.query END AS query
    FROM wanted, unwanted
), matching AS MATERIALIZED (
    SELECT id, words, asked.query FROM article, asked WHERE words @@ asked.query
    ORDER BY stored_at_ms DESC LIMIT $5
)
SELECT id FROM matching ORDER BY ts_rank(words, query, 1) DESC, id LIMIT $4";

/// Matches that are ranked.
const RANKED: i64 = 2000;

/// The iterative scan may return rows slightly out of order, so they are sorted
/// again; `+ 0` keeps Postgres 17 from taking the index's order for granted.
/// Rows without a direction have no distance: NaN is greater than any number.
const NEAREST: &str = "
WITH near AS MATERIALIZED (
    SELECT id, vector <=> $1 AS distance FROM article ORDER BY vector <=> $1 LIMIT $2
)
SELECT id, (1 - distance)::real FROM near WHERE distance <> 'NaN' ORDER BY distance + 0, id";

pub(in crate::articles) async fn article(
    client: &Client,
    id: ArticleId,
) -> Result<Option<StoredArticle>, Error> {
    let statement = client.prepare_cached(ARTICLE).await?;
    let found = client.query_opt(&statement, &[&id.as_bytes().as_slice()]).await?;
    found.map(|row| columns(&row)?.into_record()).transpose()
}

fn columns(row: &SqlRow) -> Result<ArticleRow, Error> {
    Ok(ArticleRow {
        id: row.try_get(0)?,
        revision: row.try_get(1)?,
        url: row.try_get(2)?,
        content_hash: row.try_get(3)?,
        title: row.try_get(4)?,
        authors: row.try_get(5)?,
        published_at: row.try_get(6)?,
        declared_language: row.try_get(7)?,
        language: row.try_get(8)?,
        site_name: row.try_get(9)?,
        body: row.try_get(10)?,
        truncated: row.try_get(11)?,
        source: row.try_get(12)?,
        submission_id: row.try_get(13)?,
        decision: row.try_get(14)?,
        syndicated_of: row.try_get(15)?,
        model: row.try_get(16)?,
        analysis: row.try_get(17)?,
        vector: floats(&row.try_get(18)?),
        stored_at_ms: row.try_get(19)?,
        page: row.try_get(20)?,
        feed: row.try_get(21)?,
        evidence: row.try_get(22)?,
    })
}

pub(in crate::articles) async fn list(
    client: &Client,
    after: Option<ArticleId>,
    limit: usize,
) -> Result<Vec<ArticleSummary>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT id, revision, url, title, content_hash, syndicated_of, stored_at_ms
             FROM article WHERE $1::bytea IS NULL OR id > $1 ORDER BY id LIMIT $2",
        )
        .await?;
    let after = after.map(|id| id.as_bytes().to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = client.query(&statement, &[&after, &limit]).await?;
    rows.iter().map(summary).collect()
}

fn summary(row: &SqlRow) -> Result<ArticleSummary, Error> {
    Ok(ArticleSummary {
        id: article_id(row.try_get(0)?)?,
        revision: Revision(row.try_get(1)?),
        url: row.try_get(2)?,
        title: row.try_get(3)?,
        content_hash: content_hash(row.try_get(4)?)?,
        syndicated_of: optional_id(row.try_get(5)?)?,
        stored_at: instant(row.try_get(6)?)?,
    })
}

/// Articles with all the words; behind them, where these are few, articles with
/// any of the words.
pub(in crate::articles) async fn matching(
    client: &Client,
    terms: &Terms,
) -> Result<Vec<ArticleId>, Error> {
    let statement = client.prepare_cached(MATCHING).await?;
    let mut found: Vec<ArticleId> = Vec::new();
    for operator in [" & ", " | "] {
        let limit = CANDIDATES as i64;
        let rows = client
            .query(&statement, &[&terms.wanted, &terms.unwanted, &operator, &limit, &RANKED])
            .await?;
        for row in &rows {
            let id = article_id(row.try_get(0)?)?;
            if found.len() < CANDIDATES && !found.contains(&id) {
                found.push(id);
            }
        }
        if found.len() == CANDIDATES || terms.wanted.len() < 2 {
            break;
        }
    }
    Ok(found)
}

pub(in crate::articles) async fn nearest(
    client: &Client,
    vector: &Embedding,
    limit: usize,
) -> Result<Vec<(ArticleId, f32)>, Error> {
    let vector = HalfVector::from_f32_slice(vector.as_slice());
    let statement = client.prepare_cached(NEAREST).await?;
    let rows =
        client.query(&statement, &[&vector, &i64::try_from(limit).unwrap_or(i64::MAX)]).await?;
    rows.iter().map(|row| Ok((article_id(row.try_get(0)?)?, row.try_get(1)?))).collect()
}

pub(in crate::articles) async fn found(
    client: &Client,
    ids: &[ArticleId],
) -> Result<Vec<FoundArticle>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT id, url, title, site_name, published_at, language, left(body, $2),
                 syndicated_of
             FROM article WHERE id = ANY ($1)",
        )
        .await?;
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client.query(&statement, &[&keys, &SOURCE]).await?;
    rows.iter().map(one_found).collect()
}

fn one_found(row: &SqlRow) -> Result<FoundArticle, Error> {
    Ok(FoundArticle {
        id: article_id(row.try_get(0)?)?,
        url: row.try_get(1)?,
        title: row.try_get(2)?,
        site_name: row.try_get(3)?,
        published_at: row.try_get::<_, Option<&str>>(4)?.map(published).transpose()?,
        language: row.try_get(5)?,
        body: row.try_get(6)?,
        syndicated_of: optional_id(row.try_get(7)?)?,
    })
}

pub(in crate::articles) async fn candidates(
    client: &Client,
    ids: &[ArticleId],
) -> Result<Vec<Candidate>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT id, content_hash, syndicated_of, vector, analysis::text FROM article
             WHERE id = ANY ($1)",
        )
        .await?;
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client.query(&statement, &[&keys]).await?;
    rows.iter().map(one_candidate).collect()
}

fn one_candidate(row: &SqlRow) -> Result<Candidate, Error> {
    Ok(Candidate {
        id: article_id(row.try_get(0)?)?,
        content_hash: content_hash(row.try_get(1)?)?,
        syndicated_of: optional_id(row.try_get(2)?)?,
        vector: floats(&row.try_get(3)?),
        subjects: parsed("analysis", row.try_get(4)?)?,
    })
}

fn floats(vector: &HalfVector) -> Vec<f32> {
    vector.to_vec().into_iter().map(half::f16::to_f32).collect()
}
