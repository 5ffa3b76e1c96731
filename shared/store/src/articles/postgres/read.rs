//! Articles, lists of them, full text and vectors.

use courant_article::{ArticleId, Embedding, Revision, Text};
use courant_vectors::RowSet;
use pgvector::HalfVector;
use tokio_postgres::Row as SqlRow;

use crate::articles::record::{
    ArticleExcerpt, ArticleSubjects, ArticleSummary, EXCERPT_CHARS, Neighbour, ReplacedRevision,
    StoredArticle, Subjects,
};
use crate::articles::row::ArticleRow;
use crate::columns::{
    article_id, article_number, content_hash, instant, optional_id, parsed, published,
};
use crate::error::Error;
use crate::postgres::session::{Queries, Session};

const ARTICLE: &str = "
SELECT id, revision, url, content_hash, title, authors::text, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of,
    model::text, analysis::text, vector::real[], stored_at_ms, page::text, feed::text,
    evidence::text
FROM article WHERE id = $1";

/// The iterative scan may return rows slightly out of order, so they are sorted
/// again; `+ 0` keeps Postgres 17 from taking the index's order for granted.
/// Rows without a direction have no distance: NaN is greater than any number.
const NEAREST: &str = "
WITH near AS MATERIALIZED (
    SELECT id, number, vector <=> $1 AS distance FROM article ORDER BY vector <=> $1 LIMIT $2
)
SELECT id, number, (1 - distance)::real FROM near WHERE distance <> 'NaN'
ORDER BY distance + 0, id";

/// Compares with each of the articles `$3`.
const NEAREST_AMONG: &str = "
WITH near AS MATERIALIZED (
    SELECT id, number, vector <=> $1 AS distance FROM article WHERE number = ANY ($3)
)
SELECT id, number, (1 - distance)::real FROM near WHERE distance <> 'NaN'
ORDER BY distance, id LIMIT $2";

/// The largest set of articles of which each is compared at once.
const COMPARED: usize = 5_000;
/// The numbers of the nearest articles that are looked at for members of a larger set.
const WIDTHS: [usize; 2] = [1_000, 10_000];

pub(in crate::articles) async fn article(
    client: &Session,
    id: ArticleId,
) -> Result<Option<StoredArticle>, Error> {
    let found = client.query_opt(ARTICLE, &[&id.as_bytes().as_slice()]).await?;
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
        vector: row.try_get(18)?,
        stored_at_ms: row.try_get(19)?,
        page: row.try_get(20)?,
        feed: row.try_get(21)?,
        evidence: row.try_get(22)?,
    })
}

pub(in crate::articles) async fn list(
    client: &Session,
    after: Option<ArticleId>,
    limit: usize,
) -> Result<Vec<ArticleSummary>, Error> {
    let after = after.map(|id| id.as_bytes().to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = client
        .query(
            "SELECT id, revision, url, title, content_hash, syndicated_of, stored_at_ms
             FROM article WHERE $1::bytea IS NULL OR id > $1 ORDER BY id LIMIT $2",
            &[&after, &limit],
        )
        .await?;
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

/// A search has the settings of its transaction.
pub(in crate::articles) async fn nearest(
    session: &mut Session,
    vector: &Embedding,
    limit: usize,
    among: Option<&RowSet>,
) -> Result<Vec<Neighbour>, Error> {
    let search = session.search().await?;
    let vector = HalfVector::from_f32_slice(vector.as_slice());
    let near = nearest_among(&search, &vector, limit, among).await?;
    search.commit().await?;
    Ok(near)
}

/// The nearest of a small set are found by comparing with each; of a large one, among the
/// nearest of all articles, further and further away.
async fn nearest_among(
    client: &impl Queries,
    vector: &HalfVector,
    limit: usize,
    among: Option<&RowSet>,
) -> Result<Vec<Neighbour>, Error> {
    let Some(set) = among else {
        return nearest_of_all(client, vector, limit).await;
    };
    if set.len() > COMPARED {
        for width in WIDTHS {
            let mut near = nearest_of_all(client, vector, width).await?;
            near.retain(|neighbour| set.contains(neighbour.number));
            if near.len() >= limit {
                near.truncate(limit);
                return Ok(near);
            }
        }
    }
    let numbers: Vec<i64> = set.iter().map(i64::from).collect();
    let rows = client.query(NEAREST_AMONG, &[vector, &as_i64(limit), &numbers]).await?;
    rows.iter().map(neighbour).collect()
}

async fn nearest_of_all(
    client: &impl Queries,
    vector: &HalfVector,
    limit: usize,
) -> Result<Vec<Neighbour>, Error> {
    let rows = client.query(NEAREST, &[vector, &as_i64(limit)]).await?;
    rows.iter().map(neighbour).collect()
}

fn neighbour(row: &SqlRow) -> Result<Neighbour, Error> {
    Ok(Neighbour {
        id: article_id(row.try_get(0)?)?,
        number: article_number(row.try_get(1)?)?,
        cosine: row.try_get(2)?,
    })
}

pub(in crate::articles) async fn revisions(
    client: &Session,
    id: ArticleId,
    limit: usize,
) -> Result<Vec<ReplacedRevision>, Error> {
    let rows = client
        .query(
            "SELECT revision, content_hash, title, authors::text, published_at, body, truncated,
                 analysis::text, stored_at_ms
             FROM article_revision WHERE id = $1 ORDER BY revision DESC LIMIT $2",
            &[&id.as_bytes().as_slice(), &as_i64(limit)],
        )
        .await?;
    rows.iter().map(replaced).collect()
}

fn replaced(row: &SqlRow) -> Result<ReplacedRevision, Error> {
    Ok(ReplacedRevision {
        revision: Revision(row.try_get(0)?),
        content_hash: content_hash(row.try_get(1)?)?,
        title: row.try_get(2)?,
        authors: parsed("authors", row.try_get(3)?)?,
        published_at: row.try_get::<_, Option<&str>>(4)?.map(published).transpose()?,
        text: Text::with_flag(row.try_get(5)?, row.try_get(6)?),
        analysis: parsed("analysis", row.try_get(7)?)?,
        stored_at: instant(row.try_get(8)?)?,
    })
}

fn as_i64(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(in crate::articles) async fn excerpts(
    client: &Session,
    ids: &[ArticleId],
) -> Result<Vec<ArticleExcerpt>, Error> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client
        .query(
            "SELECT id, url, title, site_name, published_at, language, left(body, $2),
                 syndicated_of
             FROM article WHERE id = ANY ($1)",
            &[&keys, &EXCERPT_CHARS],
        )
        .await?;
    rows.iter().map(excerpt).collect()
}

fn excerpt(row: &SqlRow) -> Result<ArticleExcerpt, Error> {
    Ok(ArticleExcerpt {
        id: article_id(row.try_get(0)?)?,
        url: row.try_get(1)?,
        title: row.try_get(2)?,
        site_name: row.try_get(3)?,
        published_at: row.try_get::<_, Option<&str>>(4)?.map(published).transpose()?,
        language: row.try_get(5)?,
        text: row.try_get(6)?,
        syndicated_of: optional_id(row.try_get(7)?)?,
    })
}

pub(in crate::articles) async fn subjects(
    client: &Session,
    ids: &[ArticleId],
) -> Result<Vec<ArticleSubjects>, Error> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client
        .query(
            "SELECT id, content_hash, syndicated_of, vector::real[], analysis::text FROM article
             WHERE id = ANY ($1)",
            &[&keys],
        )
        .await?;
    rows.iter().map(one_of_subjects).collect()
}

fn one_of_subjects(row: &SqlRow) -> Result<ArticleSubjects, Error> {
    let subjects: Subjects = parsed("analysis", row.try_get(4)?)?;
    Ok(ArticleSubjects {
        id: article_id(row.try_get(0)?)?,
        content_hash: content_hash(row.try_get(1)?)?,
        syndicated_of: optional_id(row.try_get(2)?)?,
        vector: row.try_get(3)?,
        topics: subjects.topics,
        entities: subjects.entities,
    })
}
