-- The right to ask a registered domain, which one crawler has at a time. Rows stay, so
-- that no epoch of a domain comes twice.

CREATE TABLE crawl_lease (
    domain        TEXT PRIMARY KEY,
    holder        TEXT NOT NULL,
    epoch         INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    -- The pause between two requests that its last holder kept.
    delay_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX crawl_lease_expiry ON crawl_lease (expires_at_ms);

-- Crawlers that live, among which the domains are shared.
CREATE TABLE crawl_holder (
    holder        TEXT PRIMARY KEY,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A page that waits belongs to whoever holds its domain. The epoch is that of the holder
-- who knows of it, 0 where none does.
ALTER TABLE crawl_note ADD COLUMN domain TEXT NOT NULL DEFAULT '';
ALTER TABLE crawl_note ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
CREATE INDEX crawl_note_domain ON crawl_note (domain, epoch) WHERE kind = 'page';
