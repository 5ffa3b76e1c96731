-- The source of each value of an article, as JSON. NULL where none is known, and in articles
-- that were stored before.

ALTER TABLE article ADD COLUMN evidence TEXT;
