-- The crawler's timetable and notes. Release 0.1.0 made both tables at schema version 2.

CREATE TABLE IF NOT EXISTS listing (
    key              bytea PRIMARY KEY,
    url              text NOT NULL,
    kind             text NOT NULL,
    checked_at_ms    bigint NOT NULL,
    next_check_at_ms bigint NOT NULL,
    interval_s       bigint NOT NULL,
    failures         bigint NOT NULL,
    problem          text,
    fingerprint      bytea,
    leads_to         text NOT NULL
);

CREATE TABLE IF NOT EXISTS crawl_note (
    kind     text NOT NULL,
    key      bytea NOT NULL,
    name     text NOT NULL,
    body     text NOT NULL,
    until_ms bigint NOT NULL,
    PRIMARY KEY (kind, key)
);
