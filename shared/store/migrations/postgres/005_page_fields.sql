-- Statements of a page and of the feed that named it on an article. NULL where they say
-- nothing, and in articles that were stored before.

ALTER TABLE article ADD COLUMN page json, ADD COLUMN feed json;
