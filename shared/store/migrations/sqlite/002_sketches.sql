-- The sketches of what was let in, in the order in which it came.

CREATE TABLE sketch (
    number        INTEGER PRIMARY KEY,
    id            BLOB NOT NULL,
    site          TEXT NOT NULL,
    sketch        BLOB NOT NULL,
    claimed_at_ms INTEGER NOT NULL
) STRICT;
