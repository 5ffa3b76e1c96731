-- Articles, the duplicate index, and the crawler's visits.
--
-- `{dimension}` stands for the values per article vector, `store.dimension`.
--
-- `english` stems like SQLite's porter and drops stop words, without which `ts_rank`, which
-- knows no rarity of words, would rank by "the". Words of other languages pass through the
-- same rules on both sides, so they match too.
--
-- The index of the text covers its first 100,000 characters: a tsvector may hold 1 MiB, and a
-- text made for that purpose could exceed it.

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
