-- Nothing changes here: pgvector keeps the vectors and their index. In SQLite, this step gives
-- the vectors a table of their own.

SELECT 1;
