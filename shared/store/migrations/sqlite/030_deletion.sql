-- Articles that were deleted on request. A tombstone has 32 bytes: the id of an article, and the
-- hash of a text that it had. It stays for ever, so that neither a new crawl nor a version on its
-- way brings the article back.

CREATE TABLE tombstone (
    id           BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    PRIMARY KEY (id, content_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstone_text ON tombstone (content_hash);

-- A deletion asks for the copies of an article, the claims on its text, and its sketches.
CREATE INDEX article_syndicated ON article (syndicated_of, first_observed_ms)
    WHERE syndicated_of IS NOT NULL;
CREATE INDEX fingerprint_of ON fingerprint (of) WHERE of IS NOT NULL;
CREATE INDEX sketch_id ON sketch (id);

-- The times of deletions whose traces in the files are not overwritten yet, Unix milliseconds.
CREATE TABLE erasure (asked_ms INTEGER PRIMARY KEY) STRICT;
