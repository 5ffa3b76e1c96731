//! The tables, and how they come to be.

use tokio_postgres::{Client, Transaction};

use crate::Error;

const VERSION: i64 = 2;
/// Names the advisory lock that one migrating process holds ("courant" and 1).
const LOCK: i64 = 0x636f_7572_616e_7401;

/// `english` stems like SQLite's porter and drops stop words, without which
/// `ts_rank`, which knows no rarity of words, would rank by "the". Words of
/// other languages pass through the same rules on both sides, so they match too.
///
/// The index of the text covers its first 100,000 characters: a tsvector may
/// hold 1 MiB, and a text made for that purpose could exceed it.
fn version_1(dimension: usize) -> String {
    format!(
        "
CREATE TABLE article (
    id                bytea PRIMARY KEY,
    revision          bigint NOT NULL,
    url               text NOT NULL,
    content_hash      bytea NOT NULL,
    title             text NOT NULL,
    authors           json NOT NULL,
    published_at      text,
    declared_language text,
    language          text,
    site_name         text,
    body              text NOT NULL,
    truncated         boolean NOT NULL,
    source            text NOT NULL,
    submission_id     text NOT NULL,
    decision          text NOT NULL,
    syndicated_of     bytea,
    model             json NOT NULL,
    analysis          json NOT NULL,
    vector            halfvec({dimension}) NOT NULL,
    stored_at_ms      bigint NOT NULL,
    words             tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', left(title, 1000)), 'A') ||
        setweight(to_tsvector('english', left(body, 100000)), 'B')
    ) STORED
);
CREATE INDEX article_words ON article USING gin (words);
CREATE INDEX article_vector ON article USING hnsw (vector halfvec_cosine_ops);

CREATE TABLE fingerprint (
    id            bytea PRIMARY KEY,
    content_hash  bytea NOT NULL,
    revision      bigint NOT NULL,
    seen          bigint NOT NULL,
    decision      text NOT NULL,
    of            bytea,
    claimed_at_ms bigint NOT NULL
);

CREATE TABLE known_text (
    content_hash bytea NOT NULL,
    site         text NOT NULL,
    first        bytea NOT NULL,
    PRIMARY KEY (content_hash, site)
);

CREATE TABLE visit (
    key           bytea PRIMARY KEY,
    url           text NOT NULL,
    etag          text,
    last_modified text,
    fetched_at_ms bigint NOT NULL,
    status        integer NOT NULL,
    content_hash  bytea
);
"
    )
}

/// Version 2: the sketches of what was let in, in the order of their coming.
const SKETCHES: &str = "
CREATE TABLE sketch (
    number        bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id            bytea NOT NULL,
    site          text NOT NULL,
    sketch        bytea NOT NULL,
    claimed_at_ms bigint NOT NULL
);
";

/// Brings the tables to [`VERSION`], one process at a time, and checks the
/// dimension they were made for.
pub(super) async fn migrate(client: &mut Client, dimension: usize) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction
        .batch_execute("CREATE TABLE IF NOT EXISTS courant_schema (version bigint PRIMARY KEY)")
        .await?;
    let query = "SELECT coalesce(max(version), 0) FROM courant_schema";
    let found: i64 = transaction.query_one(query, &[]).await?.get(0);
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
    if found < 1 {
        transaction.batch_execute(&version_1(dimension)).await?;
        transaction.execute("INSERT INTO courant_schema VALUES (1)", &[]).await?;
    }
    if found < 2 {
        transaction.batch_execute(SKETCHES).await?;
        transaction.execute("INSERT INTO courant_schema VALUES (2)", &[]).await?;
    }
    check_dimension(&transaction, dimension).await?;
    transaction.batch_execute(super::listings::TABLE).await?;
    transaction.batch_execute(super::notes::TABLE).await?;
    Ok(transaction.commit().await?)
}

async fn check_dimension(transaction: &Transaction<'_>, configured: usize) -> Result<(), Error> {
    // pgvector keeps the dimension as the type's modifier.
    let query = "SELECT atttypmod FROM pg_attribute
                 WHERE attrelid = 'article'::regclass AND attname = 'vector'";
    let modifier: i32 = transaction.query_one(query, &[]).await?.get(0);
    match usize::try_from(modifier) {
        Ok(stored) if stored == configured => Ok(()),
        Ok(stored) => Err(Error::StoredDimension { stored, configured }),
        Err(_) => Err(Error::Corrupt("the column article.vector has no dimension".into())),
    }
}
