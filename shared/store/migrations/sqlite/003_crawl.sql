-- The crawler's timetable and notes. Release 0.1.0 made both tables at schema version 2.

CREATE TABLE IF NOT EXISTS listing (
    key              BLOB PRIMARY KEY,
    url              TEXT NOT NULL,
    kind             TEXT NOT NULL,
    checked_at_ms    INTEGER NOT NULL,
    next_check_at_ms INTEGER NOT NULL,
    interval_s       INTEGER NOT NULL,
    failures         INTEGER NOT NULL,
    problem          TEXT,
    fingerprint      BLOB,
    leads_to         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS crawl_note (
    kind     TEXT NOT NULL,
    key      BLOB NOT NULL,
    name     TEXT NOT NULL,
    body     TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
