-- Nothing changes here: this step divides the tables of Postgres into partitions.

SELECT 1;
