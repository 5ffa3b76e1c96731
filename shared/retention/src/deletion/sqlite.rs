//! Deletions in a SQLite file.

use courant_article::ArticleId;
use courant_store::Error;
use rusqlite::{Connection, OptionalExtension, params};

use crate::deleted::{DeletedArticle, article_id, content_hash, url_key};

/// An article's own texts: the present one, replaced ones, and that of its claim.
const BURY: &str = "
INSERT OR IGNORE INTO tombstone
SELECT id, content_hash FROM article WHERE id = ?1
UNION SELECT id, content_hash FROM article_revision WHERE id = ?1
UNION SELECT id, content_hash FROM fingerprint WHERE id = ?1";
const BURIED: &str = "SELECT content_hash FROM tombstone WHERE id = ?1 LIMIT 1";
const ARTICLE: &str = "SELECT number, url, content_hash FROM article WHERE id = ?1";

/// The oldest copy, which becomes the first article of the text.
const FIRST_COPY: &str = "
SELECT id FROM article WHERE syndicated_of = ?1 ORDER BY first_observed_ms, id LIMIT 1";
const COPIES: &str = "SELECT id FROM article WHERE syndicated_of = ?1 ORDER BY id";
const NEXT_CHANGE: &str = "
UPDATE setting SET value = CAST(value AS INTEGER) + 1 WHERE name = 'change'
RETURNING CAST(value AS INTEGER)";
const POINT_TO: &str = "
UPDATE article SET syndicated_of = ?2, change = ?3,
    decision = CASE WHEN ?2 IS NULL THEN 'new' ELSE decision END
WHERE id = ?1";
/// The claim of the new first one, and then those that pointed to the old one.
const CLAIM_OF_FIRST: &str = "UPDATE fingerprint SET decision = 'new', of = NULL WHERE id = ?1";
const CLAIMS_OF_COPIES: &str = "UPDATE fingerprint SET of = ?2 WHERE of = ?1";
/// Without a copy that is stored, one on its way becomes the first, and what was refused as the
/// same text must not come back.
const CLAIMS_ON_THEIR_WAY: &str = "
UPDATE fingerprint SET decision = 'new', of = NULL WHERE of = ?1 AND decision = 'syndicated'";
const BURY_DUPLICATES: &str = "
INSERT OR IGNORE INTO tombstone
SELECT id, content_hash FROM fingerprint WHERE of = ?1 AND id <> ?1";
const FORGET_DUPLICATES: &str = "DELETE FROM fingerprint WHERE of = ?1 AND id <> ?1";

const ASK_FOR_ERASURE: &str = "INSERT OR IGNORE INTO erasure VALUES (?1)";

/// Deletes what bears the id; triggers delete what bears the article's number.
const FORGET: [&str; 4] = [
    "DELETE FROM article WHERE id = ?1",
    "DELETE FROM article_revision WHERE id = ?1",
    "DELETE FROM fingerprint WHERE id = ?1",
    "DELETE FROM sketch WHERE id = ?1",
];
const FORGET_PAGE: [&str; 2] =
    ["DELETE FROM visit WHERE key = ?1", "DELETE FROM crawl_note WHERE key = ?1"];

/// Deletes articles, and returns them with the numbers of those that were stored.
pub(super) fn delete(
    connection: &Connection,
    ids: &[ArticleId],
    now_ms: i64,
) -> Result<(Vec<DeletedArticle>, Vec<u32>), Error> {
    connection.prepare_cached(ASK_FOR_ERASURE)?.execute([now_ms])?;
    let (mut deleted, mut numbers) = (Vec::new(), Vec::new());
    for id in ids {
        numbers.extend(delete_one(connection, *id)?);
        let hash: Option<Vec<u8>> = connection
            .prepare_cached(BURIED)?
            .query_row([id.as_bytes().as_slice()], |row| row.get(0))
            .optional()?;
        if let Some(hash) = hash {
            deleted.push(DeletedArticle { id: *id, content_hash: content_hash(&hash)? });
        }
    }
    Ok((deleted, numbers))
}

/// Removes articles without tombstones.
pub(super) fn forget(connection: &Connection, ids: &[ArticleId]) -> Result<((), Vec<u32>), Error> {
    let mut numbers = Vec::new();
    for id in ids {
        let key = id.as_bytes().as_slice();
        let stored: Option<u32> =
            connection.prepare_cached(ARTICLE)?.query_row([key], |row| row.get(0)).optional()?;
        numbers.extend(stored);
        for forget in FORGET {
            connection.prepare_cached(forget)?.execute([key])?;
        }
    }
    Ok(((), numbers))
}

/// Returns the number of the article, if it was stored.
fn delete_one(connection: &Connection, id: ArticleId) -> Result<Option<u32>, Error> {
    let key = id.as_bytes().as_slice();
    connection.prepare_cached(BURY)?.execute([key])?;
    let stored: Option<(u32, String)> = connection
        .prepare_cached(ARTICLE)?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    hand_over(connection, key)?;
    for forget in FORGET {
        connection.prepare_cached(forget)?.execute([key])?;
    }
    let pages = stored.iter().map(|(_, url)| url_key(url)).chain([id]);
    for page in pages {
        for forget in FORGET_PAGE {
            connection.prepare_cached(forget)?.execute([page.as_bytes().as_slice()])?;
        }
    }
    Ok(stored.map(|(number, _)| number))
}

/// Makes the oldest copy of an article the first one of the text.
fn hand_over(connection: &Connection, gone: &[u8]) -> Result<(), Error> {
    let first: Option<Vec<u8>> =
        connection.prepare_cached(FIRST_COPY)?.query_row([gone], |row| row.get(0)).optional()?;
    let Some(first) = first else {
        connection.prepare_cached(CLAIMS_ON_THEIR_WAY)?.execute([gone])?;
        connection.prepare_cached(BURY_DUPLICATES)?.execute([gone])?;
        connection.prepare_cached(FORGET_DUPLICATES)?.execute([gone])?;
        return Ok(());
    };
    let first = article_id(&first)?;
    for copy in copies(connection, gone)? {
        let change: i64 = connection.prepare_cached(NEXT_CHANGE)?.query_row([], |r| r.get(0))?;
        let of = (copy != first).then(|| first.as_bytes().to_vec());
        let point_to = params![copy.as_bytes().as_slice(), of, change];
        connection.prepare_cached(POINT_TO)?.execute(point_to)?;
    }
    let first = first.as_bytes().as_slice();
    connection.prepare_cached(CLAIM_OF_FIRST)?.execute([first])?;
    connection.prepare_cached(CLAIMS_OF_COPIES)?.execute([gone, first])?;
    Ok(())
}

fn copies(connection: &Connection, of: &[u8]) -> Result<Vec<ArticleId>, Error> {
    let mut statement = connection.prepare_cached(COPIES)?;
    let mut rows = statement.query([of])?;
    let mut copies = Vec::new();
    while let Some(row) = rows.next()? {
        copies.push(article_id(&row.get::<_, Vec<u8>>(0)?)?);
    }
    Ok(copies)
}
