//! Articles, lists of them, and the nearest by vector.

use courant_article::{ArticleId, Embedding, Revision, Text};
use courant_file_vectors::Resident;
use courant_file_vectors::tables::{from_bytes, row_number};
use courant_postgres::Span;
use courant_vectors::RowSet;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use crate::articles::record::{
    ArticleExcerpt, ArticleSubjects, ArticleSummary, EXCERPT_CHARS, Neighbour, ReplacedRevision,
    StoredArticle, Subjects,
};
use crate::articles::row::ArticleRow;
use crate::columns::{article_id, content_hash, corrupt, instant, optional_id, parsed, published};
use crate::error::Error;

const ARTICLE: &str = "
SELECT id, revision, url, content_hash, title, authors, published_at, declared_language, language,
    site_name, body, truncated, source, submission_id, decision, syndicated_of, model, analysis,
    vector, stored_at_ms, page, feed, evidence
FROM article LEFT JOIN article_vector USING (number) WHERE id = ?1";

pub(in crate::articles) fn article(
    connection: &Connection,
    id: ArticleId,
) -> Result<Option<StoredArticle>, Error> {
    let mut statement = connection.prepare_cached(ARTICLE)?;
    let mut rows = statement.query([id.as_bytes().as_slice()])?;
    rows.next()?.map(|row| columns(row)?.into_record()).transpose()
}

pub(super) fn columns(row: &SqlRow<'_>) -> Result<ArticleRow, Error> {
    Ok(ArticleRow {
        id: row.get(0)?,
        revision: row.get(1)?,
        url: row.get(2)?,
        content_hash: row.get(3)?,
        title: row.get(4)?,
        authors: row.get(5)?,
        published_at: row.get(6)?,
        declared_language: row.get(7)?,
        language: row.get(8)?,
        site_name: row.get(9)?,
        body: row.get(10)?,
        truncated: row.get(11)?,
        source: row.get(12)?,
        submission_id: row.get(13)?,
        decision: row.get(14)?,
        syndicated_of: row.get(15)?,
        model: row.get(16)?,
        analysis: row.get(17)?,
        vector: from_bytes(row.get_ref(18)?.as_blob().map_err(|e| corrupt("vector", e))?)?,
        stored_at_ms: row.get(19)?,
        page: row.get(20)?,
        feed: row.get(21)?,
        evidence: row.get(22)?,
    })
}

pub(in crate::articles) fn list(
    connection: &Connection,
    after: Option<ArticleId>,
    limit: usize,
) -> Result<Vec<ArticleSummary>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, revision, url, title, content_hash, syndicated_of, stored_at_ms
         FROM article WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let after = after.map(|id| id.as_bytes().to_vec());
    let mut rows = statement.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut summaries = Vec::new();
    while let Some(row) = rows.next()? {
        summaries.push(ArticleSummary {
            id: article_id(&row.get::<_, Vec<u8>>(0)?)?,
            revision: Revision(row.get(1)?),
            url: row.get(2)?,
            title: row.get(3)?,
            content_hash: content_hash(&row.get::<_, Vec<u8>>(4)?)?,
            syndicated_of: optional_id(row.get::<_, Option<Vec<u8>>>(5)?.as_deref())?,
            stored_at: instant(row.get(6)?)?,
        });
    }
    Ok(summaries)
}

pub(in crate::articles) fn revisions(
    connection: &Connection,
    id: ArticleId,
    limit: usize,
) -> Result<Vec<ReplacedRevision>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT revision, content_hash, title, authors, published_at, body, truncated, analysis,
             stored_at_ms
         FROM article_revision WHERE id = ?1 ORDER BY revision DESC LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![id.as_bytes().as_slice(), limit])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let date: Option<String> = row.get(4)?;
        all.push(ReplacedRevision {
            revision: Revision(row.get(0)?),
            content_hash: content_hash(&row.get::<_, Vec<u8>>(1)?)?,
            title: row.get(2)?,
            authors: parsed("authors", &row.get::<_, String>(3)?)?,
            published_at: date.as_deref().map(published).transpose()?,
            text: Text::with_flag(row.get(5)?, row.get(6)?),
            analysis: parsed("analysis", &row.get::<_, String>(7)?)?,
            stored_at: instant(row.get(8)?)?,
        });
    }
    Ok(all)
}

pub(in crate::articles) fn excerpts(
    connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<ArticleExcerpt>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT url, title, site_name, published_at, language, substr(body, 1, ?2), syndicated_of
         FROM article WHERE id = ?1",
    )?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query(params![id.as_bytes().as_slice(), EXCERPT_CHARS])?;
        let Some(row) = rows.next()? else { continue };
        let date: Option<String> = row.get(3)?;
        all.push(ArticleExcerpt {
            id: *id,
            url: row.get(0)?,
            title: row.get(1)?,
            site_name: row.get(2)?,
            published_at: date.as_deref().map(published).transpose()?,
            language: row.get(4)?,
            text: row.get(5)?,
            syndicated_of: optional_id(row.get::<_, Option<Vec<u8>>>(6)?.as_deref())?,
        });
    }
    Ok(all)
}

pub(in crate::articles) fn subjects(
    connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<ArticleSubjects>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT content_hash, syndicated_of, vector, analysis
         FROM article LEFT JOIN article_vector USING (number) WHERE id = ?1",
    )?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query([id.as_bytes().as_slice()])?;
        let Some(row) = rows.next()? else { continue };
        let vector = row.get_ref(2)?.as_blob().map_err(|e| corrupt("vector", e))?;
        let subjects: Subjects = parsed("analysis", &row.get::<_, String>(3)?)?;
        all.push(ArticleSubjects {
            id: *id,
            content_hash: content_hash(&row.get::<_, Vec<u8>>(0)?)?,
            syndicated_of: optional_id(row.get::<_, Option<Vec<u8>>>(1)?.as_deref())?,
            vector: from_bytes(vector)?,
            topics: subjects.topics,
            entities: subjects.entities,
        });
    }
    Ok(all)
}

/// Returns the numbers of the articles that were first observed in `observed`. `None` if the times
/// leave out none.
pub(in crate::articles) fn observed(
    connection: &Connection,
    observed: Span,
) -> Result<Option<RowSet>, Error> {
    if observed == Span::ALWAYS {
        return Ok(None);
    }
    let condition = observed.condition("first_observed_ms");
    let mut statement =
        connection.prepare(&format!("SELECT number FROM article WHERE {condition}"))?;
    let mut rows = statement.query([])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        numbers.push(row_number(row.get(0)?)?);
    }
    Ok(Some(numbers.into_iter().collect()))
}

/// The articles nearest to a vector, best first; only those in `among`, if it is given.
pub(in crate::articles) fn nearest(
    connection: &Connection,
    resident: &Resident,
    vector: &Embedding,
    limit: usize,
    among: Option<&RowSet>,
) -> Result<Vec<Neighbour>, Error> {
    let nearest = nearest_numbers(connection, resident, vector, limit, among)?;
    let mut id = connection.prepare_cached("SELECT id FROM article WHERE number = ?1")?;
    let mut neighbours = Vec::with_capacity(nearest.len());
    for (number, cosine) in nearest {
        // It may have been deleted since the vectors were compared.
        let bytes: Option<Vec<u8>> = id.query_row([number], |row| row.get(0)).optional()?;
        if let Some(bytes) = bytes {
            let id = article_id(&bytes)?;
            neighbours.push(Neighbour { id, number, cosine });
        }
    }
    Ok(neighbours)
}

/// The same by their numbers.
pub(in crate::articles) fn nearest_numbers(
    connection: &Connection,
    resident: &Resident,
    vector: &Embedding,
    limit: usize,
    among: Option<&RowSet>,
) -> Result<Vec<(u32, f32)>, Error> {
    // Hundreds of reads in one transaction, which each would begin and end on its own.
    let transaction = connection.unchecked_transaction()?;
    Ok(resident.nearest(&transaction, vector.as_slice(), limit, among)?)
}
