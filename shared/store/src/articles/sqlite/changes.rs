//! The history of changes.

use courant_article::ArticleId;
use rusqlite::{Connection, params};

use crate::articles::record::{Change, ChangedArticle, StoreHead};
use crate::articles::sqlite::read::columns;
use crate::columns::article_id;
use crate::error::Error;

/// Articles and deletions by the numbers of their changes.
const CHANGES: &str = "
SELECT change, id, number FROM article WHERE change > ?1
UNION ALL SELECT change, id, NULL FROM article_deletion WHERE change > ?1
ORDER BY change LIMIT ?2";

/// The columns of an article without its vector, and two more.
const CHANGED: &str = "
SELECT id, revision, url, content_hash, title, authors, published_at, declared_language, language,
    site_name, body, truncated, source, submission_id, decision, syndicated_of, model, analysis,
    x'', stored_at_ms, page, feed, evidence, number, first_observed_ms
FROM article WHERE number = ?1";

pub(in crate::articles) fn head(connection: &Connection) -> Result<StoreHead, Error> {
    let epoch = "SELECT value FROM setting WHERE name = 'epoch'";
    Ok(StoreHead {
        epoch: connection.query_row(epoch, [], |row| row.get(0))?,
        change: last_change(connection)?,
    })
}

/// The number of the last change.
pub(super) fn last_change(connection: &Connection) -> Result<i64, Error> {
    let query = "SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'change'";
    Ok(connection.query_row(query, [], |row| row.get(0))?)
}

/// One transaction reads them: an article is as it was when its change was listed.
pub(in crate::articles) fn changes(
    connection: &Connection,
    after: i64,
    limit: usize,
) -> Result<Vec<Change>, Error> {
    let snapshot = connection.unchecked_transaction()?;
    let mut listed = snapshot.prepare_cached(CHANGES)?;
    let mut rows = listed.query(params![after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let article = match row.get::<_, Option<i64>>(2)? {
            Some(number) => Some(changed(&snapshot, number)?),
            None => None,
        };
        let id: ArticleId = article_id(&row.get::<_, Vec<u8>>(1)?)?;
        changes.push(Change { number: row.get(0)?, id, article });
    }
    Ok(changes)
}

fn changed(connection: &Connection, number: i64) -> Result<ChangedArticle, Error> {
    let mut statement = connection.prepare_cached(CHANGED)?;
    let mut rows = statement.query([number])?;
    let row = rows.next()?.ok_or_else(|| Error::Corrupt("an index of articles".into()))?;
    let (number, first_observed_ms) = (row.get(23)?, row.get(24)?);
    let record = columns(row)?.into_record()?;
    let (article, analysis) = (record.article, record.analysis);
    Ok(ChangedArticle { number, first_observed_ms, article, analysis })
}
