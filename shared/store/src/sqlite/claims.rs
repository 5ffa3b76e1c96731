//! The duplicate index. The writer's thread judges one claim after the other.

use courant_article::{ArticleId, Decision, Revision};
use courant_dedup::{Cluster, Effect, Fingerprint, Sketch, judge};
use rusqlite::{Connection, OptionalExtension, params};

use super::read::optional_id;
use crate::row::{article_id, content_hash, corrupt, decision_from};
use crate::{Claim, Error, KnownSketch, Verdict};

pub(super) fn claim(connection: &Connection, claim: &Claim, now_ms: i64) -> Result<Verdict, Error> {
    let fingerprint = fingerprint(connection, claim.id)?;
    let cluster = cluster(connection, claim)?;
    let (verdict, effect) = judge(claim, fingerprint.as_ref(), cluster);
    match effect {
        Effect::Keep => {}
        Effect::See => see(connection, claim)?,
        Effect::Record => record(connection, claim, verdict, cluster, now_ms)?,
    }
    Ok(verdict)
}

fn fingerprint(connection: &Connection, id: ArticleId) -> Result<Option<Fingerprint>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT content_hash, revision, seen, decision, of FROM fingerprint WHERE id = ?1",
    )?;
    let mut rows = statement.query([id.as_bytes().as_slice()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let name: String = row.get(3)?;
    let decision = decision_from(&name).ok_or_else(|| corrupt("decision", &name))?;
    Ok(Some(Fingerprint {
        content_hash: content_hash(&row.get::<_, Vec<u8>>(0)?)?,
        revision: Revision(row.get(1)?),
        seen: Revision(row.get(2)?),
        verdict: Verdict {
            decision,
            of: optional_id(row.get::<_, Option<Vec<u8>>>(4)?.as_deref())?,
        },
    }))
}

fn cluster(connection: &Connection, claim: &Claim) -> Result<Option<Cluster>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT first, site = ?2 FROM known_text WHERE content_hash = ?1
         ORDER BY site = ?2 DESC LIMIT 1",
    )?;
    let values = params![claim.content_hash.as_bytes().as_slice(), claim.site];
    let found: Option<(Vec<u8>, bool)> =
        statement.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let exact = found
        .map(|(first, on_this_site)| {
            Ok::<_, Error>(Cluster { first: article_id(&first)?, on_this_site })
        })
        .transpose()?;
    let near_first = match claim.near {
        Some(near) => fingerprint(connection, near.first)?,
        None => None,
    };
    Ok(Cluster::join(exact, claim.near, near_first.as_ref()))
}

fn see(connection: &Connection, claim: &Claim) -> Result<(), Error> {
    let mut statement =
        connection.prepare_cached("UPDATE fingerprint SET seen = ?2 WHERE id = ?1")?;
    statement.execute(params![claim.id.as_bytes().as_slice(), claim.revision.0])?;
    Ok(())
}

fn record(
    connection: &Connection,
    claim: &Claim,
    verdict: Verdict,
    cluster: Option<Cluster>,
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
    let first = cluster.map_or(claim.id, |cluster| cluster.first);
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

pub(super) fn known(connection: &Connection, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM fingerprint WHERE id = ?1")?;
    ids.iter().map(|id| Ok(statement.exists([id.as_bytes().as_slice()])?)).collect()
}
