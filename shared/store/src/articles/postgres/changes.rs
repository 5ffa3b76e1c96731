//! The history of changes.

use tokio_postgres::Row as SqlRow;

use crate::articles::record::{Change, ChangedArticle, StoreHead};
use crate::articles::row::ArticleRow;
use crate::columns::{article_id, article_number};
use crate::error::Error;
use courant_postgres::{Queries, Session};

/// A restored copy has another database, a server that took over another timeline. The sequence
/// may be ahead of the last change by numbers of rows that were not written.
const HEAD: &str = "
SELECT concat_ws('-', epoch, system_identifier, timeline_id,
        (SELECT oid FROM pg_database WHERE datname = current_database())),
    greatest((SELECT max(change) FROM article), (SELECT max(change) FROM article_deletion), 0)
FROM courant_epoch, pg_control_system(), pg_control_checkpoint()";

/// One statement sees one state of the tables.
const CHANGES: &str = "
SELECT change, id, number, first_observed_ms, revision, url, content_hash, title, authors::text,
    published_at, declared_language, language, site_name, body, truncated, source, submission_id,
    decision, syndicated_of, model::text, analysis::text, stored_at_ms, page::text, feed::text,
    evidence::text
FROM article WHERE change > $1
UNION ALL
SELECT change, id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM article_deletion WHERE change > $1
ORDER BY change LIMIT $2";

pub(in crate::articles) async fn head(client: &Session) -> Result<StoreHead, Error> {
    let row = client.query_one(HEAD, &[]).await?;
    Ok(StoreHead { epoch: row.try_get(0)?, change: row.try_get(1)? })
}

pub(in crate::articles) async fn changes(
    client: &Session,
    after: i64,
    limit: usize,
) -> Result<Vec<Change>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = client.query(CHANGES, &[&after, &limit]).await?;
    rows.iter().map(change).collect()
}

fn change(row: &SqlRow) -> Result<Change, Error> {
    let article = match row.try_get::<_, Option<i64>>(2)? {
        Some(number) => Some(changed(row, number)?),
        None => None,
    };
    Ok(Change { number: row.try_get(0)?, id: article_id(row.try_get(1)?)?, article })
}

fn changed(row: &SqlRow, number: i64) -> Result<ChangedArticle, Error> {
    let record = columns(row)?.into_record()?;
    Ok(ChangedArticle {
        number: article_number(number)?,
        first_observed_ms: row.try_get(3)?,
        article: record.article,
        analysis: record.analysis,
    })
}

fn columns(row: &SqlRow) -> Result<ArticleRow, Error> {
    Ok(ArticleRow {
        id: row.try_get(1)?,
        revision: row.try_get(4)?,
        url: row.try_get(5)?,
        content_hash: row.try_get(6)?,
        title: row.try_get(7)?,
        authors: row.try_get(8)?,
        published_at: row.try_get(9)?,
        declared_language: row.try_get(10)?,
        language: row.try_get(11)?,
        site_name: row.try_get(12)?,
        body: row.try_get(13)?,
        truncated: row.try_get(14)?,
        source: row.try_get(15)?,
        submission_id: row.try_get(16)?,
        decision: row.try_get(17)?,
        syndicated_of: row.try_get(18)?,
        model: row.try_get(19)?,
        analysis: row.try_get(20)?,
        vector: Vec::new(),
        stored_at_ms: row.try_get(21)?,
        page: row.try_get(22)?,
        feed: row.try_get(23)?,
        evidence: row.try_get(24)?,
    })
}
