-- Statements of a page and of the feed that named it on an article, as JSON. NULL where they
-- say nothing, and in articles that were stored before.

ALTER TABLE article ADD COLUMN page TEXT;
ALTER TABLE article ADD COLUMN feed TEXT;
