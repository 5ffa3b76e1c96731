-- The right to ask a registered domain, which one crawler has at a time. Its time is this
-- server's. Rows stay, so that no epoch of a domain comes twice.

CREATE TABLE crawl_lease (
    domain      text PRIMARY KEY,
    holder      text NOT NULL,
    epoch       bigint NOT NULL,
    expires_at  timestamptz NOT NULL,
    -- The pause between two requests that its last holder kept.
    delay_ms    bigint NOT NULL
);
CREATE INDEX crawl_lease_expiry ON crawl_lease (expires_at);

-- Crawlers that live, among which the domains are shared.
CREATE TABLE crawl_holder (
    holder     text PRIMARY KEY,
    expires_at timestamptz NOT NULL
);

-- A page that waits belongs to whoever holds its domain. The epoch is that of the holder
-- who knows of it, 0 where none does.
ALTER TABLE crawl_note
    ADD COLUMN domain text NOT NULL DEFAULT '',
    ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
CREATE INDEX crawl_note_domain ON crawl_note (domain, epoch) WHERE kind = 'page';
