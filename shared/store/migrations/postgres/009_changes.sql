-- Every change of an article has a number, the place of the change in the order of all changes.
-- Whoever derives something from the articles follows these numbers. Deleted articles leave
-- theirs in `article_deletion`.
--
-- A trigger gives the numbers, so that no writer can forget them. It holds a lock until its
-- transaction ends: the numbers become visible in their order, and a reader that has seen one
-- has seen all below it, however late a transaction commits.

-- Each row is written anew: an index of the vectors would take in all of them again. The step
-- behind this one makes it.
DROP INDEX article_vector;

ALTER TABLE article
    ADD COLUMN change bigint NOT NULL DEFAULT 0,
    -- The time at which the article's first version was observed, Unix milliseconds.
    ADD COLUMN first_observed_ms bigint NOT NULL DEFAULT 0,
    -- A short name of the article, for sets of many.
    ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
CREATE INDEX article_number ON article (number);
CREATE SEQUENCE article_change_number;
UPDATE article SET change = nextval('article_change_number'), first_observed_ms = revision;
CREATE UNIQUE INDEX article_change ON article (change);

CREATE TABLE article_deletion (
    change bigint PRIMARY KEY,
    id     bytea NOT NULL
);

CREATE FUNCTION courant_next_change() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('courant.change'));
    RETURN nextval('article_change_number');
END $$;
CREATE FUNCTION courant_number_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO article_deletion VALUES (courant_next_change(), old.id);
        RETURN old;
    END IF;
    new.change := courant_next_change();
    RETURN new;
END $$;
CREATE TRIGGER article_numbered BEFORE INSERT OR UPDATE ON article
    FOR EACH ROW EXECUTE FUNCTION courant_number_change();
CREATE TRIGGER article_deleted AFTER DELETE ON article
    FOR EACH ROW EXECUTE FUNCTION courant_number_change();

-- A random name of this history of changes. A restored copy, and a server that took over, go
-- their own way: their identity is part of the epoch that readers see.
CREATE TABLE courant_epoch (epoch text NOT NULL);
INSERT INTO courant_epoch SELECT replace(gen_random_uuid()::text, '-', '');

-- The versions that newer ones replaced.
CREATE TABLE article_revision (
    id           bytea NOT NULL,
    revision     bigint NOT NULL,
    content_hash bytea NOT NULL,
    title        text NOT NULL,
    authors      json NOT NULL,
    published_at text,
    body         text NOT NULL,
    truncated    boolean NOT NULL,
    analysis     json NOT NULL,
    stored_at_ms bigint NOT NULL,
    PRIMARY KEY (id, revision)
);
CREATE FUNCTION courant_keep_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO article_revision
    VALUES (old.id, old.revision, old.content_hash, old.title, old.authors, old.published_at,
        old.body, old.truncated, old.analysis, old.stored_at_ms)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER article_revised AFTER UPDATE ON article FOR EACH ROW
    WHEN (old.revision <> new.revision) EXECUTE FUNCTION courant_keep_revision();

-- Words are found by the index that follows the changes.
DROP INDEX article_words;
ALTER TABLE article DROP COLUMN words;
