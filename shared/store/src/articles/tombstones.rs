//! The articles that were deleted on request, and must not come back.

use courant_article::{ArticleId, ContentHash};
use courant_postgres::{Queries, Session};
use rusqlite::{Connection, params};

use crate::error::Error;

const IS_DELETED: &str = "SELECT EXISTS (SELECT 1 FROM tombstone WHERE id = ?1)";
const DELETED: &str = "SELECT DISTINCT id FROM tombstone WHERE id = ANY ($1)";
/// A text that another article has still got is not gone: a further copy of it may come.
const BARS: &str = "
SELECT EXISTS (SELECT 1 FROM tombstone WHERE id = $1)
    OR (EXISTS (SELECT 1 FROM tombstone WHERE content_hash = $2)
        AND NOT EXISTS (SELECT 1 FROM fingerprint
            WHERE content_hash = $2 AND decision <> 'duplicate'))";

/// The statement of a deletion, too.
const ASK_FOR_ERASURE: &str = "INSERT INTO erasure VALUES ($1) ON CONFLICT DO NOTHING";

/// Returns true if the article was deleted.
pub(crate) fn is_deleted(connection: &Connection, id: &[u8]) -> Result<bool, Error> {
    Ok(connection.prepare_cached(IS_DELETED)?.query_row([id], |row| row.get(0))?)
}

/// Returns those of `ids` that were deleted.
pub(crate) async fn deleted(client: &impl Queries, ids: &[&[u8]]) -> Result<Vec<Vec<u8>>, Error> {
    let rows = client.query(DELETED, &[&ids]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(crate) fn bars_in_sqlite(
    connection: &Connection,
    id: ArticleId,
    text: ContentHash,
) -> Result<bool, Error> {
    let values = params![id.as_bytes().as_slice(), text.as_bytes().as_slice()];
    Ok(connection.prepare_cached(BARS)?.query_row(values, |row| row.get(0))?)
}

pub(crate) async fn bars_in_postgres(
    client: &Session,
    id: ArticleId,
    text: ContentHash,
) -> Result<bool, Error> {
    let (id, text) = (id.as_bytes().as_slice(), text.as_bytes().as_slice());
    Ok(client.query_one(BARS, &[&id, &text]).await?.try_get(0)?)
}

pub(crate) fn ask_for_erasure_in_sqlite(connection: &Connection, now_ms: i64) -> Result<(), Error> {
    connection.prepare_cached(ASK_FOR_ERASURE)?.execute([now_ms])?;
    Ok(())
}

pub(crate) async fn ask_for_erasure_in_postgres(
    client: &Session,
    now_ms: i64,
) -> Result<(), Error> {
    client.execute(ASK_FOR_ERASURE, &[&now_ms]).await?;
    Ok(())
}
