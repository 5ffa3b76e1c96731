-- Every change of an article has a number, the place of the change in the order of all changes.
-- Whoever derives something from the articles follows these numbers. Deleted articles leave
-- theirs in `article_deletion`.

ALTER TABLE article ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
-- The time at which the article's first version was observed, Unix milliseconds.
ALTER TABLE article ADD COLUMN first_observed_ms INTEGER NOT NULL DEFAULT 0;
UPDATE article SET change = number, first_observed_ms = revision;
CREATE UNIQUE INDEX article_change ON article (change);

CREATE TABLE article_deletion (
    change INTEGER PRIMARY KEY,
    id     BLOB NOT NULL
) STRICT;

CREATE TRIGGER article_deleted AFTER DELETE ON article BEGIN
    UPDATE setting SET value = value + 1 WHERE name = 'change';
    INSERT INTO article_deletion
    SELECT CAST(value AS INTEGER), old.id FROM setting WHERE name = 'change';
END;

INSERT INTO setting VALUES ('change', (SELECT coalesce(max(change), 0) FROM article));
-- A random name of this history of changes. A copy that goes its own way gets another one.
INSERT INTO setting VALUES ('epoch', lower(hex(randomblob(8))));

-- The versions that newer ones replaced.
CREATE TABLE article_revision (
    id           BLOB NOT NULL,
    revision     INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    title        TEXT NOT NULL,
    authors      TEXT NOT NULL,
    published_at TEXT,
    body         TEXT NOT NULL,
    truncated    INTEGER NOT NULL,
    analysis     TEXT NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    PRIMARY KEY (id, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER article_revised AFTER UPDATE ON article WHEN old.revision <> new.revision BEGIN
    INSERT OR IGNORE INTO article_revision
    VALUES (old.id, old.revision, old.content_hash, old.title, old.authors, old.published_at,
        old.body, old.truncated, old.analysis, old.stored_at_ms);
END;

-- Words are found by the index that follows the changes.
DROP TRIGGER article_inserted;
DROP TRIGGER article_updated;
DROP TABLE article_text;
