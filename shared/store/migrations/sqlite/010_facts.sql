-- Columns and tables by which people ask for articles with SQL. They hold nothing that the
-- article does not say, and can be made anew from it. Rows that are stored already are filled
-- behind this step.

-- The registered domain of the URL.
ALTER TABLE article ADD COLUMN site TEXT NOT NULL DEFAULT '';
-- The time of publication, Unix milliseconds; midnight in UTC of a date alone.
ALTER TABLE article ADD COLUMN published_ms INTEGER;
-- From -1 to 1: the probability of positive less that of negative.
ALTER TABLE article ADD COLUMN sentiment REAL;

CREATE INDEX article_site ON article (site, first_observed_ms);
CREATE INDEX article_published ON article (published_ms);
CREATE INDEX article_first_observed ON article (first_observed_ms);
CREATE INDEX article_language ON article (language, first_observed_ms);
CREATE INDEX article_decision ON article (decision, first_observed_ms);
CREATE INDEX article_sentiment ON article (sentiment);
CREATE INDEX article_source ON article (source);

-- The names in the text, the first 200 characters of each.
CREATE TABLE article_name (
    id   BLOB NOT NULL,
    -- person, organization or location.
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (id, kind, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_name_name ON article_name (name, kind);

-- The topics that the article is clearly about.
CREATE TABLE article_topic (
    id    BLOB NOT NULL,
    -- Such as medtop:04000000.
    code  TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (id, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX article_topic_code ON article_topic (code, score);

CREATE TRIGGER article_facts_deleted AFTER DELETE ON article BEGIN
    DELETE FROM article_name WHERE id = old.id;
    DELETE FROM article_topic WHERE id = old.id;
END;
