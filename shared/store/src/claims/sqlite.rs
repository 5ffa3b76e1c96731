//! The duplicate index. The writer's thread judges one claim after the other.

use courant_article::{ArticleId, Revision};
use courant_dedup::{
    Claim, ClaimContext, Effect, Fingerprint, Ruling, Sketch, TextHolder, Verdict, judge, recall,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::obligation::{ClosedClaim, OpenClaim};
use super::sketch::KnownSketch;
use crate::articles::tombstones;
use crate::columns::{article_id, content_hash, corrupt, decision_from, optional_id};
use crate::error::Error;

pub(super) fn claim(connection: &Connection, claim: &Claim, now_ms: i64) -> Result<Ruling, Error> {
    let (ruling, effect) = judge(claim, &known_of(connection, claim)?, now_ms);
    match effect {
        Effect::Keep => {}
        Effect::See(observed) => see(connection, claim, observed)?,
        Effect::Record { seen } => record(connection, claim, &ruling, seen, now_ms)?,
    }
    Ok(ruling)
}

pub(super) fn recalled(
    connection: &Connection,
    claim: &Claim,
    now_ms: i64,
) -> Result<Option<Ruling>, Error> {
    Ok(recall(claim, &known_of(connection, claim)?, now_ms))
}

/// Reads what bears on a claim.
fn known_of(connection: &Connection, claim: &Claim) -> Result<ClaimContext, Error> {
    let mut known = ClaimContext::new(holder(connection, claim)?);
    loop {
        let asked = known.missing(claim);
        if asked.is_empty() {
            return Ok(known);
        }
        known.learn(&asked, fingerprints(connection, &asked)?);
    }
}

pub(super) fn fingerprints(
    connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, Fingerprint)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT content_hash, observed, revision, seen, decision, of, open
         FROM fingerprint WHERE id = ?1",
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query([id.as_bytes().as_slice()])?;
        if let Some(row) = rows.next()? {
            found.push((*id, fingerprint(row)?));
        }
    }
    Ok(found)
}

fn fingerprint(row: &Row<'_>) -> Result<Fingerprint, Error> {
    let name: String = row.get(4)?;
    let decision = decision_from(&name).ok_or_else(|| corrupt("decision", &name))?;
    let of: Option<Vec<u8>> = row.get(5)?;
    Ok(Fingerprint {
        content_hash: content_hash(&row.get::<_, Vec<u8>>(0)?)?,
        observed: Revision(row.get(1)?),
        revision: Revision(row.get(2)?),
        seen: Revision(row.get(3)?),
        verdict: Verdict { decision, of: optional_id(of.as_deref())? },
        open: row.get(6)?,
    })
}

/// The first accepted article with the very text, of the claim's own site where there is
/// one.
fn holder(connection: &Connection, claim: &Claim) -> Result<Option<TextHolder>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, site = ?2 FROM fingerprint
         WHERE content_hash = ?1 AND decision <> 'duplicate' AND id <> ?3
         ORDER BY site = ?2 DESC, claimed_at_ms, id LIMIT 1",
    )?;
    let hash = claim.content_hash.as_bytes().as_slice();
    let values = params![hash, claim.site, claim.id.as_bytes().as_slice()];
    let found: Option<(Vec<u8>, bool)> =
        statement.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, on_this_site)) = found else { return Ok(None) };
    Ok(Some(TextHolder { id: article_id(&id)?, on_this_site }))
}

fn see(connection: &Connection, claim: &Claim, observed: Revision) -> Result<(), Error> {
    let mut statement =
        connection.prepare_cached("UPDATE fingerprint SET seen = ?2 WHERE id = ?1")?;
    statement.execute(params![claim.id.as_bytes().as_slice(), observed.0])?;
    Ok(())
}

fn record(
    connection: &Connection,
    claim: &Claim,
    ruling: &Ruling,
    seen: Revision,
    now_ms: i64,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO fingerprint (id, content_hash, site, observed, revision, seen, decision, of,
             open, claimed_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET content_hash = excluded.content_hash,
             site = excluded.site, observed = excluded.observed, revision = excluded.revision,
             seen = excluded.seen, decision = excluded.decision, of = excluded.of,
             open = excluded.open, claimed_at_ms = excluded.claimed_at_ms",
    )?;
    let Verdict { decision, of } = ruling.verdict;
    statement.execute(params![
        claim.id.as_bytes().as_slice(),
        claim.content_hash.as_bytes().as_slice(),
        claim.site,
        claim.observed.0,
        ruling.revision.0,
        seen.0,
        decision.as_str(),
        of.map(|id| id.as_bytes().to_vec()),
        decision.is_accepted(),
        now_ms,
    ])?;
    if decision.is_accepted() {
        keep_sketch(connection, claim, now_ms)?;
    }
    Ok(())
}

fn keep_sketch(connection: &Connection, claim: &Claim, now_ms: i64) -> Result<(), Error> {
    let Some(sketch) = &claim.sketch else { return Ok(()) };
    let mut statement = connection.prepare_cached(
        "INSERT INTO sketch (id, content_hash, site, sketch, claimed_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let (id, hash) = (claim.id.as_bytes().as_slice(), claim.content_hash.as_bytes().as_slice());
    statement.execute(params![id, hash, claim.site, sketch.to_bytes(), now_ms])?;
    Ok(())
}

pub(super) fn forget_sketches(
    connection: &Connection,
    before_ms: i64,
    most: i64,
) -> Result<(), Error> {
    connection.execute(
        "DELETE FROM sketch WHERE claimed_at_ms < ?1
             OR number <= (SELECT max(number) FROM sketch) - ?2",
        [before_ms, most],
    )?;
    Ok(())
}

pub(super) fn sketches(
    connection: &Connection,
    after: i64,
    limit: i64,
) -> Result<Vec<KnownSketch>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number, sketch.id, sketch.content_hash, sketch.site, sketch, sketch.claimed_at_ms
         FROM sketch JOIN fingerprint USING (id, content_hash)
         WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = statement.query([after, limit])?;
    let mut sketches = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(4)?;
        sketches.push(KnownSketch {
            number: row.get(0)?,
            id: article_id(&row.get::<_, Vec<u8>>(1)?)?,
            content_hash: content_hash(&row.get::<_, Vec<u8>>(2)?)?,
            site: row.get(3)?,
            sketch: Sketch::from_bytes(&bytes),
            claimed_at_ms: row.get(5)?,
        });
    }
    Ok(sketches)
}

pub(super) fn known(connection: &Connection, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
    let mut known = ClaimContext::new(None);
    loop {
        let asked = known.missing_of(ids.iter().copied());
        if asked.is_empty() {
            let is_known = |id: &ArticleId| {
                Ok(known.stands(*id) || tombstones::is_deleted(connection, id.as_bytes())?)
            };
            return ids.iter().map(is_known).collect();
        }
        known.learn(&asked, fingerprints(connection, &asked)?);
    }
}

pub(super) fn open(connection: &Connection, limit: i64) -> Result<Vec<OpenClaim>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, revision FROM fingerprint WHERE open = 1 ORDER BY claimed_at_ms LIMIT ?1",
    )?;
    let mut rows = statement.query([limit])?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        let id = article_id(&row.get::<_, Vec<u8>>(0)?)?;
        open.push(OpenClaim { id, revision: Revision(row.get(1)?) });
    }
    Ok(open)
}

/// Closes the claims of articles in the transaction that stores them. An article without a
/// claim, as after a replay, gets one.
pub(crate) fn settle(connection: &Connection, settled: &[ClosedClaim]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO fingerprint (id, content_hash, site, observed, revision, seen, decision, of,
             open, claimed_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?5, ?6, 0, ?7)
         ON CONFLICT (id) DO UPDATE SET content_hash = excluded.content_hash,
             revision = excluded.revision, decision = excluded.decision, of = excluded.of, open = 0
         WHERE fingerprint.revision <= excluded.revision",
    )?;
    for article in settled {
        statement.execute(params![
            article.id,
            article.content_hash,
            article.site,
            article.revision,
            article.decision,
            article.of,
            article.stored_at_ms,
        ])?;
    }
    Ok(())
}

/// Forgets the claim on an article that was deleted, and its sketches.
pub(crate) fn forget(connection: &Connection, id: &[u8]) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM fingerprint WHERE id = ?1")?.execute([id])?;
    connection.prepare_cached("DELETE FROM sketch WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Makes the records of claims say what is stored, or that nothing is. The revision stays:
/// the next one is greater.
pub(super) fn release(connection: &Connection, owed: &[OpenClaim]) -> Result<u64, Error> {
    let mut restore = connection.prepare_cached(
        "UPDATE fingerprint SET content_hash = stored.content_hash, observed = stored.revision,
             seen = stored.revision, decision = stored.decision,
             of = coalesce(stored.syndicated_of,
                 CASE stored.decision WHEN 'revision' THEN stored.id END),
             open = 0
         FROM article AS stored
         WHERE stored.id = fingerprint.id AND fingerprint.id = ?1 AND fingerprint.revision = ?2
             AND open = 1",
    )?;
    let mut clear = connection.prepare_cached(
        "UPDATE fingerprint SET decision = 'duplicate', of = NULL, open = 0
             WHERE id = ?1 AND revision = ?2 AND open = 1",
    )?;
    let mut released = 0;
    for OpenClaim { id, revision } in owed {
        let of = params![id.as_bytes().as_slice(), revision.0];
        released += restore.execute(of)? + clear.execute(of)?;
    }
    Ok(released as u64)
}
