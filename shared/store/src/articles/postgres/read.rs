//! Articles, lists of them, full text and vectors.

use std::sync::OnceLock;

use courant_article::{ArticleId, Embedding, Revision, Text};
use courant_postgres::{Parameter, Queries, Session, Span};
use courant_vectors::RowSet;
use pgvector::HalfVector;
use tokio_postgres::Row as SqlRow;

use crate::articles::encoder::{self, Encoder};
use crate::articles::record::{
    ArticleExcerpt, ArticleSubjects, ArticleSummary, EXCERPT_CHARS, Neighbour, ReplacedRevision,
    StoredArticle, Subjects,
};
use crate::articles::row::ArticleRow;
use crate::columns::{
    article_id, article_number, content_hash, instant, optional_id, parsed, published,
};
use crate::error::Error;

/// `{vector}` stands for the article's vector.
const ARTICLE: &str = "
SELECT id, revision, url, content_hash, title, authors::text, published_at, declared_language,
    language, site_name, body, truncated, source, submission_id, decision, syndicated_of,
    model::text, analysis::text, {vector}, stored_at_ms, page::text, feed::text,
    evidence::text
FROM article WHERE id = $1";

/// The iterative scan may return rows slightly out of order, so they are sorted
/// again; `+ 0` keeps Postgres 17 from taking the index's order for granted.
/// Rows without a direction have no distance: NaN is greater than any number.
const NEAREST: &str = "
WITH near AS MATERIALIZED (
    SELECT id, number, vector <=> $1 AS distance FROM {embeddings}
    WHERE first_observed_ms BETWEEN $3 AND $4 ORDER BY vector <=> $1 LIMIT $2
)
SELECT id, number, (1 - distance)::real FROM near WHERE distance <> 'NaN'
ORDER BY distance + 0, id";

/// Compares with each of the articles `$5`.
const NEAREST_AMONG: &str = "
WITH near AS MATERIALIZED (
    SELECT id, number, vector <=> $1 AS distance FROM {embeddings}
    WHERE first_observed_ms BETWEEN $3 AND $4 AND number = ANY ($5)
)
SELECT id, number, (1 - distance)::real FROM near WHERE distance <> 'NaN'
ORDER BY distance, id LIMIT $2";

/// The largest set of articles of which each is compared at once.
const COMPARED: usize = 5_000;
/// The numbers of the nearest articles that are looked at for members of a larger set.
const WIDTHS: [usize; 2] = [1_000, 10_000];

/// The vector of a row of `article`. There is none where another encoder made it.
fn vector_of(encoder: Option<Encoder>) -> String {
    let Some(Encoder { relation, .. }) = encoder else { return "NULL::real[]".into() };
    format!(
        "(SELECT vector::real[] FROM {relation} AS embedding
          WHERE embedding.first_observed_ms = article.first_observed_ms
              AND embedding.id = article.id)"
    )
}

pub(in crate::articles) async fn article(
    client: &Session,
    known: &OnceLock<Encoder>,
    dimension: usize,
    id: ArticleId,
) -> Result<Option<StoredArticle>, Error> {
    let vector = vector_of(encoder::current_in_postgres(client, known).await?);
    let query = ARTICLE.replace("{vector}", &vector);
    let found = client.query_opt(&query, &[&id.as_bytes().as_slice()]).await?;
    found.map(|row| columns(&row, dimension)?.into_record()).transpose()
}

fn columns(row: &SqlRow, dimension: usize) -> Result<ArticleRow, Error> {
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
        vector: or_zeros(row.try_get(18)?, dimension),
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

/// A vector of zeros is near nothing.
fn or_zeros(vector: Option<Vec<f32>>, dimension: usize) -> Vec<f32> {
    vector.unwrap_or_else(|| vec![0.0; dimension])
}

/// A search by vector. The times are parameters: a statement is kept for as long as its connection.
struct VectorSearch {
    vector: HalfVector,
    limit: usize,
    first_ms: i64,
    last_ms: i64,
    of_all: String,
    of_some: String,
}

impl VectorSearch {
    fn new(encoder: &Encoder, vector: &Embedding, limit: usize, observed: Span) -> Self {
        let statement = |template: &str| template.replace("{embeddings}", &encoder.relation);
        Self {
            vector: HalfVector::from_f32_slice(vector.as_slice()),
            limit,
            first_ms: observed.from_ms,
            last_ms: observed.last_ms(),
            of_all: statement(NEAREST),
            of_some: statement(NEAREST_AMONG),
        }
    }

    /// The nearest of a small set are found by comparing with each; of a large one, among the
    /// nearest of all articles, further and further away.
    async fn among(&self, client: &impl Queries, set: &RowSet) -> Result<Vec<Neighbour>, Error> {
        if set.len() > COMPARED {
            for width in WIDTHS {
                let mut near = self.of_all(client, width).await?;
                near.retain(|neighbour| set.contains(neighbour.number));
                if near.len() >= self.limit {
                    near.truncate(self.limit);
                    return Ok(near);
                }
            }
        }
        let numbers: Vec<i64> = set.iter().map(i64::from).collect();
        let limit = as_i64(self.limit);
        let parameters: [&dyn Parameter; 5] =
            [&self.vector, &limit, &self.first_ms, &self.last_ms, &numbers];
        client.query(&self.of_some, &parameters).await?.iter().map(neighbour).collect()
    }

    async fn of_all(&self, client: &impl Queries, limit: usize) -> Result<Vec<Neighbour>, Error> {
        let parameters: [&dyn Parameter; 4] =
            [&self.vector, &as_i64(limit), &self.first_ms, &self.last_ms];
        let rows = client.query(&self.of_all, &parameters).await?;
        rows.iter().map(neighbour).collect()
    }
}

/// A search has the settings of its transaction.
pub(in crate::articles) async fn nearest(
    session: &mut Session,
    known: &OnceLock<Encoder>,
    vector: &Embedding,
    limit: usize,
    observed: Span,
    among: Option<&RowSet>,
) -> Result<Vec<Neighbour>, Error> {
    let Some(encoder) = encoder::current_in_postgres(session, known).await? else {
        return Ok(Vec::new());
    };
    let search = VectorSearch::new(&encoder, vector, limit, observed);
    let transaction = session.search().await?;
    let near = match among {
        Some(set) => search.among(&transaction, set).await?,
        None => search.of_all(&transaction, limit).await?,
    };
    transaction.commit().await?;
    Ok(near)
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
    known: &OnceLock<Encoder>,
    dimension: usize,
    ids: &[ArticleId],
) -> Result<Vec<ArticleSubjects>, Error> {
    let vector = vector_of(encoder::current_in_postgres(client, known).await?);
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let query = format!(
        "SELECT id, content_hash, syndicated_of, {vector}, analysis::text FROM article
         WHERE id = ANY ($1)"
    );
    let rows = client.query(&query, &[&keys]).await?;
    rows.iter().map(|row| one_of_subjects(row, dimension)).collect()
}

fn one_of_subjects(row: &SqlRow, dimension: usize) -> Result<ArticleSubjects, Error> {
    let subjects: Subjects = parsed("analysis", row.try_get(4)?)?;
    Ok(ArticleSubjects {
        id: article_id(row.try_get(0)?)?,
        content_hash: content_hash(row.try_get(1)?)?,
        syndicated_of: optional_id(row.try_get(2)?)?,
        vector: or_zeros(row.try_get(3)?, dimension),
        topics: subjects.topics,
        entities: subjects.entities,
    })
}
