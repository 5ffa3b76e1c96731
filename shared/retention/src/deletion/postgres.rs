//! Deletions in Postgres.

use courant_article::ArticleId;
use courant_postgres::{Queries, Session, Transaction};
use courant_store::Error;

use crate::deleted::{DeletedArticle, article_id, content_hash, url_key};

/// Whoever stores one of the articles waits for its place, and then finds the tombstone.
const LOCK: &str = "
INSERT INTO article_place (id, first_observed_ms) SELECT id, 0 FROM unnest($1::bytea[]) AS row (id)
ON CONFLICT (id) DO UPDATE SET first_observed_ms = article_place.first_observed_ms";
/// An article's own texts: the present one, replaced ones, and that of its claim.
const BURY: &str = "
INSERT INTO tombstone
SELECT id, content_hash FROM article WHERE id = ANY ($1)
UNION SELECT id, content_hash FROM article_revision WHERE id = ANY ($1)
UNION SELECT id, content_hash FROM fingerprint WHERE id = ANY ($1)
ON CONFLICT DO NOTHING";
const BURIED: &str = "
SELECT DISTINCT ON (id) id, content_hash FROM tombstone WHERE id = ANY ($1)
ORDER BY id, content_hash";

/// The oldest copies that stay: each becomes the first article of its text.
const FIRST_COPIES: &str = "
SELECT DISTINCT ON (syndicated_of) syndicated_of, id FROM article
WHERE syndicated_of = ANY ($1) AND NOT id = ANY ($1)
ORDER BY syndicated_of, first_observed_ms, id";
const POINT_TO: &str = "
UPDATE article SET syndicated_of = nullif(new.id, article.id),
    decision = CASE WHEN new.id = article.id THEN 'new' ELSE decision END
FROM unnest($1::bytea[], $2::bytea[]) AS new (gone, id)
WHERE article.syndicated_of = new.gone AND NOT article.id = ANY ($3)";
const CLAIMS_OF_FIRST: &str = "
UPDATE fingerprint SET decision = 'new', of = NULL WHERE id = ANY ($1)";
const CLAIMS_OF_COPIES: &str = "
UPDATE fingerprint SET of = new.id FROM unnest($1::bytea[], $2::bytea[]) AS new (gone, id)
WHERE fingerprint.of = new.gone AND NOT fingerprint.id = ANY ($3)";
/// Without a copy that is stored, one on its way becomes the first, and what was refused as the
/// same text must not come back.
const CLAIMS_ON_THEIR_WAY: &str = "
UPDATE fingerprint SET decision = 'new', of = NULL
WHERE of = ANY ($1) AND decision = 'syndicated' AND NOT id = ANY ($1)";
const BURY_DUPLICATES: &str = "
INSERT INTO tombstone SELECT id, content_hash FROM fingerprint
WHERE of = ANY ($1) AND NOT id = ANY ($1) ON CONFLICT DO NOTHING";
const FORGET_DUPLICATES: &str = "DELETE FROM fingerprint WHERE of = ANY ($1)";

const ASK_FOR_ERASURE: &str = "INSERT INTO erasure VALUES ($1) ON CONFLICT DO NOTHING";

/// Triggers delete the vectors, names and topics of an article.
const FORGET_ARTICLES: &str = "DELETE FROM article WHERE id = ANY ($1) RETURNING url";
const FORGET: [&str; 4] = [
    "DELETE FROM article_revision WHERE id = ANY ($1)",
    "DELETE FROM fingerprint WHERE id = ANY ($1)",
    "DELETE FROM sketch WHERE id = ANY ($1)",
    "DELETE FROM article_place WHERE id = ANY ($1)",
];
const FORGET_PAGES: [&str; 2] =
    ["DELETE FROM visit WHERE key = ANY ($1)", "DELETE FROM crawl_note WHERE key = ANY ($1)"];

pub(super) async fn delete(
    client: &mut Session,
    ids: &[ArticleId],
    now_ms: i64,
) -> Result<Vec<DeletedArticle>, Error> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    // Each statement must see what others committed before the locks were had.
    let transaction = client.read_committed().await?;
    transaction.execute(LOCK, &[&keys]).await?;
    transaction.execute(ASK_FOR_ERASURE, &[&now_ms]).await?;
    transaction.execute(BURY, &[&keys]).await?;
    hand_over(&transaction, &keys).await?;
    let urls = transaction.query(FORGET_ARTICLES, &[&keys]).await?;
    let mut pages = ids.to_vec();
    for row in &urls {
        pages.push(url_key(row.try_get(0)?));
    }
    for forget in FORGET {
        transaction.execute(forget, &[&keys]).await?;
    }
    let pages: Vec<&[u8]> = pages.iter().map(|page| page.as_bytes().as_slice()).collect();
    for forget in FORGET_PAGES {
        transaction.execute(forget, &[&pages]).await?;
    }
    let buried = transaction.query(BURIED, &[&keys]).await?;
    transaction.commit().await?;
    let deleted = buried.iter().map(|row| {
        let (id, hash) = (article_id(row.try_get(0)?)?, content_hash(row.try_get(1)?)?);
        Ok(DeletedArticle { id, content_hash: hash })
    });
    deleted.collect()
}

/// Removes articles without tombstones.
pub(super) async fn forget(client: &mut Session, ids: &[ArticleId]) -> Result<(), Error> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let transaction = client.read_committed().await?;
    transaction.query(FORGET_ARTICLES, &[&keys]).await?;
    for forget in FORGET {
        transaction.execute(forget, &[&keys]).await?;
    }
    Ok(transaction.commit().await?)
}

/// Makes the oldest copies of the articles the first ones of their texts.
async fn hand_over(client: &Transaction<'_>, gone: &[&[u8]]) -> Result<(), Error> {
    let rows = client.query(FIRST_COPIES, &[&gone]).await?;
    let (mut old, mut first) = (Vec::<&[u8]>::new(), Vec::<&[u8]>::new());
    for row in &rows {
        old.push(row.try_get(0)?);
        first.push(row.try_get(1)?);
    }
    client.execute(POINT_TO, &[&old, &first, &gone]).await?;
    client.execute(CLAIMS_OF_FIRST, &[&first]).await?;
    client.execute(CLAIMS_OF_COPIES, &[&old, &first, &gone]).await?;
    client.execute(CLAIMS_ON_THEIR_WAY, &[&gone]).await?;
    client.execute(BURY_DUPLICATES, &[&gone]).await?;
    client.execute(FORGET_DUPLICATES, &[&gone]).await?;
    Ok(())
}
