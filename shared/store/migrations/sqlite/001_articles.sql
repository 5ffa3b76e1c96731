-- Articles, the duplicate index, and the crawler's visits.
--
-- `{dimension}` stands for the values per article vector, `store.dimension`.

-- "Cour": tells our files from other SQLite files.
PRAGMA application_id = 1131378034;

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES ('dimension', '{dimension}');

CREATE TABLE article (
    number            INTEGER PRIMARY KEY,
    id                BLOB NOT NULL UNIQUE,
    revision          INTEGER NOT NULL,
    url               TEXT NOT NULL,
    content_hash      BLOB NOT NULL,
    title             TEXT NOT NULL,
    authors           TEXT NOT NULL,
    published_at      TEXT,
    declared_language TEXT,
    language          TEXT,
    site_name         TEXT,
    body              TEXT NOT NULL,
    truncated         INTEGER NOT NULL,
    source            TEXT NOT NULL,
    submission_id     TEXT NOT NULL,
    decision          TEXT NOT NULL,
    syndicated_of     BLOB,
    model             TEXT NOT NULL,
    analysis          TEXT NOT NULL,
    vector            BLOB NOT NULL,
    stored_at_ms      INTEGER NOT NULL
) STRICT;

CREATE VIRTUAL TABLE article_text USING fts5 (
    title, body, content = 'article', content_rowid = 'number', tokenize = 'porter unicode61'
);
CREATE TRIGGER article_inserted AFTER INSERT ON article BEGIN
    INSERT INTO article_text (rowid, title, body) VALUES (new.number, new.title, new.body);
END;
CREATE TRIGGER article_updated AFTER UPDATE ON article BEGIN
    INSERT INTO article_text (article_text, rowid, title, body)
    VALUES ('delete', old.number, old.title, old.body);
    INSERT INTO article_text (rowid, title, body) VALUES (new.number, new.title, new.body);
END;

CREATE TABLE fingerprint (
    id            BLOB PRIMARY KEY,
    content_hash  BLOB NOT NULL,
    revision      INTEGER NOT NULL,
    seen          INTEGER NOT NULL,
    decision      TEXT NOT NULL,
    of            BLOB,
    claimed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE known_text (
    content_hash BLOB NOT NULL,
    site         TEXT NOT NULL,
    first        BLOB NOT NULL,
    PRIMARY KEY (content_hash, site)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit (
    key           BLOB PRIMARY KEY,
    url           TEXT NOT NULL,
    etag          TEXT,
    last_modified TEXT,
    fetched_at_ms INTEGER NOT NULL,
    status        INTEGER NOT NULL,
    content_hash  BLOB
) STRICT, WITHOUT ROWID;
