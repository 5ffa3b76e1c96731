-- The encoders whose vectors are stored. Vectors of the current one are searched; vectors of others
-- cannot be compared with them. A store that has articles takes the encoder of most of them.

CREATE TABLE courant_encoder (
    name       text PRIMARY KEY,
    is_current boolean NOT NULL
);
CREATE UNIQUE INDEX courant_encoder_current ON courant_encoder (is_current) WHERE is_current;

INSERT INTO courant_encoder
SELECT name, row_number() OVER (ORDER BY count(*) DESC, name) = 1
FROM (SELECT model->>'name' AS name FROM article) AS used WHERE name IS NOT NULL GROUP BY name;
