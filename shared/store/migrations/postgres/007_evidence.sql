-- The source of each value of an article. NULL where none is known, and in articles that were
-- stored before.

ALTER TABLE article ADD COLUMN evidence json;
