-- Columns and tables by which people ask for articles with SQL. They hold nothing that the
-- article does not say, and can be made anew from it. Rows that are stored already are filled
-- behind this step.

ALTER TABLE article
    -- The registered domain of the URL.
    ADD COLUMN site text NOT NULL DEFAULT '',
    -- The time of publication, Unix milliseconds; midnight in UTC of a date alone.
    ADD COLUMN published_ms bigint,
    -- From -1 to 1: the probability of positive less that of negative.
    ADD COLUMN sentiment real;

CREATE INDEX article_site ON article (site, first_observed_ms);
CREATE INDEX article_published ON article (published_ms);
CREATE INDEX article_first_observed ON article (first_observed_ms);
CREATE INDEX article_language ON article (language, first_observed_ms);
CREATE INDEX article_decision ON article (decision, first_observed_ms);
CREATE INDEX article_sentiment ON article (sentiment);
-- A source may be longer than an entry of another kind of index.
CREATE INDEX article_source ON article USING hash (source);

-- The names in the text, the first 200 characters of each.
CREATE TABLE article_name (
    id   bytea NOT NULL,
    -- person, organization or location.
    kind text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (id, kind, name)
);
CREATE INDEX article_name_name ON article_name (name, kind);

-- The topics that the article is clearly about.
CREATE TABLE article_topic (
    id    bytea NOT NULL,
    -- Such as medtop:04000000.
    code  text NOT NULL,
    score real NOT NULL,
    PRIMARY KEY (id, code)
);
CREATE INDEX article_topic_code ON article_topic (code, score);

CREATE FUNCTION courant_forget_facts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM article_name WHERE id = old.id;
    DELETE FROM article_topic WHERE id = old.id;
    RETURN NULL;
END $$;
CREATE TRIGGER article_facts_deleted AFTER DELETE ON article
    FOR EACH ROW EXECUTE FUNCTION courant_forget_facts();
