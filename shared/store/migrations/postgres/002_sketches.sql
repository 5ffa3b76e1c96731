-- The sketches of what was let in, in the order in which it came.

CREATE TABLE sketch (
    number        bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    id            bytea NOT NULL,
    site          text NOT NULL,
    sketch        bytea NOT NULL,
    claimed_at_ms bigint NOT NULL
);
