//! The duplicate index. The writer's thread judges one claim after the other.

use courant_article::{ArticleId, Decision, Revision};
use courant_dedup::{
    Claim, Cluster, Effect, Fingerprint, Known, RELEASED_AT_MS, Sketch, Verdict, judge,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::sketch::KnownSketch;
use crate::columns::{article_id, content_hash, corrupt, decision_from, optional_id};
use crate::error::Error;

pub(super) fn claim(connection: &Connection, claim: &Claim, now_ms: i64) -> Result<Verdict, Error> {
    let (verdict, effect) = judge(claim, &known_of(connection, claim, now_ms)?);
    match effect {
        Effect::Keep => {}
        Effect::See => see(connection, claim)?,
        Effect::Record { first, in_place_of } => {
            if let Some(lapsed) = in_place_of {
                replace(connection, claim, lapsed, first)?;
            }
            record(connection, claim, verdict, first, now_ms)?;
        }
    }
    Ok(verdict)
}

/// Reads what bears on a claim.
fn known_of(connection: &Connection, claim: &Claim, now_ms: i64) -> Result<Known, Error> {
    let mut known = Known::new(cluster(connection, claim)?, now_ms);
    loop {
        let asked = known.missing(claim);
        if asked.is_empty() {
            return Ok(known);
        }
        known.learn(&asked, fingerprints(connection, &asked)?);
    }
}

fn fingerprints(
    connection: &Connection,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, Fingerprint)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT fingerprint.content_hash, fingerprint.revision, seen, fingerprint.decision, of,
             claimed_at_ms, article.revision
         FROM fingerprint LEFT JOIN article USING (id) WHERE id = ?1",
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
    let name: String = row.get(3)?;
    let decision = decision_from(&name).ok_or_else(|| corrupt("decision", &name))?;
    let of: Option<Vec<u8>> = row.get(4)?;
    Ok(Fingerprint {
        content_hash: content_hash(&row.get::<_, Vec<u8>>(0)?)?,
        revision: Revision(row.get(1)?),
        seen: Revision(row.get(2)?),
        verdict: Verdict { decision, of: optional_id(of.as_deref())? },
        claimed_at_ms: row.get(5)?,
        stored: row.get::<_, Option<i64>>(6)?.map(Revision),
    })
}

/// The articles with the very text.
fn cluster(connection: &Connection, claim: &Claim) -> Result<Option<Cluster>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT first, site = ?2 FROM known_text WHERE content_hash = ?1
         ORDER BY site = ?2 DESC LIMIT 1",
    )?;
    let values = params![claim.content_hash.as_bytes().as_slice(), claim.site];
    let found: Option<(Vec<u8>, bool)> =
        statement.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((first, on_this_site)) = found else { return Ok(None) };
    Ok(Some(Cluster { first: article_id(&first)?, on_this_site }))
}

fn see(connection: &Connection, claim: &Claim) -> Result<(), Error> {
    let mut statement =
        connection.prepare_cached("UPDATE fingerprint SET seen = ?2 WHERE id = ?1")?;
    statement.execute(params![claim.id.as_bytes().as_slice(), claim.revision.0])?;
    Ok(())
}

/// Makes the article whose claim has lapsed a copy of `first`.
fn replace(
    connection: &Connection,
    claim: &Claim,
    lapsed: ArticleId,
    first: ArticleId,
) -> Result<(), Error> {
    let (lapsed, first) = (lapsed.as_bytes().as_slice(), first.as_bytes().as_slice());
    let mut statement = connection.prepare_cached(
        "UPDATE known_text SET first = ?3 WHERE content_hash = ?1 AND first = ?2",
    )?;
    statement.execute(params![claim.content_hash.as_bytes().as_slice(), lapsed, first])?;
    let mut statement =
        connection.prepare_cached("UPDATE fingerprint SET decision = ?2, of = ?3 WHERE id = ?1")?;
    statement.execute(params![lapsed, Decision::Syndicated.as_str(), first])?;
    Ok(())
}

fn record(
    connection: &Connection,
    claim: &Claim,
    verdict: Verdict,
    first: ArticleId,
    now_ms: i64,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO fingerprint (id, content_hash, revision, seen, decision, of, claimed_at_ms)
         VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET content_hash = excluded.content_hash,
             revision = excluded.revision, seen = excluded.seen, decision = excluded.decision,
             of = excluded.of, claimed_at_ms = excluded.claimed_at_ms",
    )?;
    statement.execute(params![
        claim.id.as_bytes().as_slice(),
        claim.content_hash.as_bytes().as_slice(),
        claim.revision.0,
        verdict.decision.as_str(),
        verdict.of.map(|id| id.as_bytes().to_vec()),
        now_ms,
    ])?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO known_text (content_hash, site, first) VALUES (?1, ?2, ?3)
         ON CONFLICT DO NOTHING",
    )?;
    statement.execute(params![
        claim.content_hash.as_bytes().as_slice(),
        claim.site,
        first.as_bytes().as_slice()
    ])?;
    keep_sketch(connection, claim, verdict.decision, now_ms)
}

/// Only of what was let in: a copy of a refused text is no copy of an article.
fn keep_sketch(
    connection: &Connection,
    claim: &Claim,
    decision: Decision,
    now_ms: i64,
) -> Result<(), Error> {
    let Some(sketch) = claim.sketch.as_ref().filter(|_| decision.is_accepted()) else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(
        "INSERT INTO sketch (id, site, sketch, claimed_at_ms) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let id = claim.id.as_bytes().as_slice();
    statement.execute(params![id, claim.site, sketch.to_bytes(), now_ms])?;
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
        "SELECT number, id, site, sketch, claimed_at_ms FROM sketch
         WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = statement.query([after, limit])?;
    let mut sketches = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(3)?;
        sketches.push(KnownSketch {
            number: row.get(0)?,
            id: article_id(&row.get::<_, Vec<u8>>(1)?)?,
            site: row.get(2)?,
            sketch: Sketch::from_bytes(&bytes),
            claimed_at_ms: row.get(4)?,
        });
    }
    Ok(sketches)
}

pub(super) fn known(
    connection: &Connection,
    ids: &[ArticleId],
    now_ms: i64,
) -> Result<Vec<bool>, Error> {
    let mut known = Known::new(None, now_ms);
    loop {
        let asked = known.missing_of(ids);
        if asked.is_empty() {
            return Ok(ids.iter().map(|id| known.stands(*id)).collect());
        }
        known.learn(&asked, fingerprints(connection, &asked)?);
    }
}

pub(super) fn release(
    connection: &Connection,
    id: ArticleId,
    revision: Revision,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "UPDATE fingerprint SET claimed_at_ms = ?3 WHERE id = ?1 AND revision = ?2",
    )?;
    statement.execute(params![id.as_bytes().as_slice(), revision.0, RELEASED_AT_MS])?;
    Ok(())
}
