-- The vectors of articles, by the article's number. In the article's row a vector lay behind the
-- text, which had to be read first.

CREATE TABLE article_vector (
    number INTEGER PRIMARY KEY,
    -- Little-endian f32.
    vector BLOB NOT NULL
) STRICT;
INSERT INTO article_vector SELECT number, vector FROM article ORDER BY number;
ALTER TABLE article DROP COLUMN vector;

-- One bit per value of a vector, for the scan in memory; no row for a vector of zeros. Made from
-- `article_vector` when a process opens the file for writing, unless the setting `codes` names
-- the rules by which they were made.
CREATE TABLE article_code (
    number INTEGER PRIMARY KEY,
    code   BLOB NOT NULL
) STRICT;

CREATE TRIGGER article_vector_deleted AFTER DELETE ON article BEGIN
    DELETE FROM article_vector WHERE number = old.number;
    DELETE FROM article_code WHERE number = old.number;
END;
