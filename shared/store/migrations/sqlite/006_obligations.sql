-- A fingerprint is the claim that stands at a URL. It is open until its article is stored;
-- clusters are read off the fingerprints themselves, so that a text which only an older
-- version had is known no more.

CREATE INDEX sketch_id ON sketch (id);

ALTER TABLE fingerprint ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE fingerprint ADD COLUMN observed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE fingerprint ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
-- The site of an older claim is that of its sketch, else the only one with its text. Where
-- neither says it, it stays empty, and equals no site.
UPDATE fingerprint SET
    observed = revision,
    site = coalesce(
        (SELECT site FROM sketch WHERE sketch.id = fingerprint.id ORDER BY number DESC LIMIT 1),
        (SELECT min(site) FROM known_text
         WHERE known_text.content_hash = fingerprint.content_hash HAVING count(*) = 1),
        ''),
    open = decision <> 'duplicate' AND NOT EXISTS (
        SELECT 1 FROM article
        WHERE article.id = fingerprint.id AND article.revision >= fingerprint.revision);
CREATE INDEX fingerprint_text ON fingerprint (content_hash) WHERE decision <> 'duplicate';
CREATE INDEX fingerprint_open ON fingerprint (claimed_at_ms) WHERE open = 1;

-- The text of a sketch. NULL in an older sketch that a newer one follows.
ALTER TABLE sketch ADD COLUMN content_hash BLOB;
UPDATE sketch SET content_hash =
    (SELECT content_hash FROM fingerprint WHERE fingerprint.id = sketch.id)
WHERE number = (SELECT max(number) FROM sketch AS newer WHERE newer.id = sketch.id);

DROP INDEX sketch_id;
DROP TABLE known_text;
