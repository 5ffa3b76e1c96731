//! The duplicate index. A claim holds a lock for its article and one for its
//! text, so that claims of either are judged one after the other.

use courant_article::{ArticleId, Revision};
use courant_dedup::{
    Claim, ClaimContext, Effect, Fingerprint, Ruling, Sketch, TextHolder, Verdict, judge, recall,
};
use tokio_postgres::Row;

use super::obligation::{ClosedClaim, OpenClaim};
use super::sketch::KnownSketch;
use crate::articles::tombstones;
use crate::columns::{article_id, clean, content_hash, corrupt, decision_from, optional_id};
use crate::error::Error;
use courant_postgres::{Queries, Session, Transaction};

pub(super) async fn claim(
    client: &mut Session,
    claim: &Claim,
    now_ms: i64,
) -> Result<Ruling, Error> {
    // Each statement must see what others committed before the locks were had.
    let transaction = client.read_committed().await?;
    lock(&transaction, claim).await?;
    let known = known_of(&transaction, claim).await?;
    let (ruling, effect) = judge(claim, &known, now_ms);
    match effect {
        Effect::Keep => {}
        Effect::See(observed) => see(&transaction, claim, observed).await?,
        Effect::Record { seen } => record(&transaction, claim, &ruling, seen, now_ms).await?,
    }
    transaction.commit().await?;
    Ok(ruling)
}

pub(super) async fn recalled(
    client: &Session,
    claim: &Claim,
    now_ms: i64,
) -> Result<Option<Ruling>, Error> {
    Ok(recall(claim, &known_of(client, claim).await?, now_ms))
}

/// Always in the same order, so that no two claims wait for each other. Two
/// names with the same number only wait more than they need.
async fn lock(transaction: &Transaction<'_>, claim: &Claim) -> Result<(), Error> {
    let mut numbers = [number(claim.id.as_bytes()), number(claim.content_hash.as_bytes())];
    numbers.sort_unstable();
    transaction
        .query(
            "SELECT pg_advisory_xact_lock(number) FROM unnest($1::bigint[]) AS number",
            &[&numbers.as_slice()],
        )
        .await?;
    Ok(())
}

fn number(name: &[u8; 16]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *name;
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Reads what bears on a claim.
async fn known_of(client: &impl Queries, claim: &Claim) -> Result<ClaimContext, Error> {
    let mut known = ClaimContext::new(holder(client, claim).await?);
    loop {
        let asked = known.missing(claim);
        if asked.is_empty() {
            return Ok(known);
        }
        known.learn(&asked, fingerprints(client, &asked).await?);
    }
}

pub(super) async fn fingerprints(
    client: &impl Queries,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, Fingerprint)>, Error> {
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client
        .query(
            "SELECT id, content_hash, observed, revision, seen, decision, of, open
             FROM fingerprint WHERE id = ANY ($1)",
            &[&keys],
        )
        .await?;
    rows.iter().map(fingerprint).collect()
}

fn fingerprint(row: &Row) -> Result<(ArticleId, Fingerprint), Error> {
    let name: &str = row.try_get(5)?;
    let decision = decision_from(name).ok_or_else(|| corrupt("decision", name))?;
    let fingerprint = Fingerprint {
        content_hash: content_hash(row.try_get(1)?)?,
        observed: Revision(row.try_get(2)?),
        revision: Revision(row.try_get(3)?),
        seen: Revision(row.try_get(4)?),
        verdict: Verdict { decision, of: optional_id(row.try_get(6)?)? },
        open: row.try_get(7)?,
    };
    Ok((article_id(row.try_get(0)?)?, fingerprint))
}

/// The first accepted article with the very text, of the claim's own site where there is
/// one.
async fn holder(client: &impl Queries, claim: &Claim) -> Result<Option<TextHolder>, Error> {
    let (hash, id) = (claim.content_hash.as_bytes().as_slice(), claim.id.as_bytes().as_slice());
    let found = client
        .query_opt(
            "SELECT id, site = $2 FROM fingerprint
             WHERE content_hash = $1 AND decision <> 'duplicate' AND id <> $3
             ORDER BY site = $2 DESC, claimed_at_ms, id LIMIT 1",
            &[&hash, &clean(&claim.site), &id],
        )
        .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(TextHolder { id: article_id(row.try_get(0)?)?, on_this_site: row.try_get(1)? }))
}

async fn see(
    transaction: &Transaction<'_>,
    claim: &Claim,
    observed: Revision,
) -> Result<(), Error> {
    let id = claim.id.as_bytes().as_slice();
    transaction
        .execute("UPDATE fingerprint SET seen = $2 WHERE id = $1", &[&id, &observed.0])
        .await?;
    Ok(())
}

async fn record(
    transaction: &Transaction<'_>,
    claim: &Claim,
    ruling: &Ruling,
    seen: Revision,
    now_ms: i64,
) -> Result<(), Error> {
    let (id, hash) = (claim.id.as_bytes().as_slice(), claim.content_hash.as_bytes().as_slice());
    let Verdict { decision, of } = ruling.verdict;
    let of = of.map(|id| id.as_bytes().to_vec());
    transaction
        .execute(
            "INSERT INTO fingerprint (id, content_hash, site, observed, revision, seen, decision,
                 of, open, claimed_at_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (id) DO UPDATE SET content_hash = excluded.content_hash,
                 site = excluded.site, observed = excluded.observed, revision = excluded.revision,
                 seen = excluded.seen, decision = excluded.decision, of = excluded.of,
                 open = excluded.open, claimed_at_ms = excluded.claimed_at_ms",
            &[
                &id,
                &hash,
                &clean(&claim.site),
                &claim.observed.0,
                &ruling.revision.0,
                &seen.0,
                &decision.as_str(),
                &of,
                &decision.is_accepted(),
                &now_ms,
            ],
        )
        .await?;
    if decision.is_accepted() {
        keep_sketch(transaction, claim, now_ms).await?;
    }
    Ok(())
}

async fn keep_sketch(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now_ms: i64,
) -> Result<(), Error> {
    let Some(sketch) = &claim.sketch else { return Ok(()) };
    let (id, hash) = (claim.id.as_bytes().as_slice(), claim.content_hash.as_bytes().as_slice());
    let sketch = sketch.to_bytes();
    transaction
        .execute(
            "INSERT INTO sketch (id, content_hash, site, sketch, claimed_at_ms)
             VALUES ($1, $2, $3, $4, $5)",
            &[&id, &hash, &clean(&claim.site), &sketch, &now_ms],
        )
        .await?;
    Ok(())
}

pub(super) async fn forget_sketches(
    client: &Session,
    before_ms: i64,
    most: i64,
) -> Result<(), Error> {
    client
        .execute(
            "DELETE FROM sketch WHERE claimed_at_ms < $1
                 OR number <= (SELECT max(number) FROM sketch) - $2",
            &[&before_ms, &most],
        )
        .await?;
    Ok(())
}

pub(super) async fn sketches(
    client: &Session,
    after: i64,
    limit: i64,
) -> Result<Vec<KnownSketch>, Error> {
    let rows = client
        .query(
            "SELECT number, sketch.id, sketch.content_hash, sketch.site, sketch,
                 sketch.claimed_at_ms
             FROM sketch JOIN fingerprint USING (id, content_hash)
             WHERE number > $1 ORDER BY number LIMIT $2",
            &[&after, &limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(KnownSketch {
                number: row.try_get(0)?,
                id: article_id(row.try_get(1)?)?,
                content_hash: content_hash(row.try_get(2)?)?,
                site: row.try_get(3)?,
                sketch: Sketch::from_bytes(row.try_get(4)?),
                claimed_at_ms: row.try_get(5)?,
            })
        })
        .collect()
}

pub(super) async fn known(client: &Session, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
    let mut known = ClaimContext::new(None);
    loop {
        let asked = known.missing_of(ids.iter().copied());
        if asked.is_empty() {
            let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
            let deleted = tombstones::deleted(client, &keys).await?;
            let is_deleted =
                |id: &ArticleId| deleted.iter().any(|gone| gone.as_slice() == id.as_bytes());
            return Ok(ids.iter().map(|id| known.stands(*id) || is_deleted(id)).collect());
        }
        known.learn(&asked, fingerprints(client, &asked).await?);
    }
}

pub(super) async fn open(client: &Session, limit: i64) -> Result<Vec<OpenClaim>, Error> {
    let rows = client
        .query(
            "SELECT id, revision FROM fingerprint WHERE open ORDER BY claimed_at_ms LIMIT $1",
            &[&limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let id = article_id(row.try_get(0)?)?;
            Ok(OpenClaim { id, revision: Revision(row.try_get(1)?) })
        })
        .collect()
}

/// Closes the claims of articles in the transaction that stores them. An article without a
/// claim, as after a replay, gets one.
pub(crate) async fn settle(
    transaction: &Transaction<'_>,
    settled: &[ClosedClaim],
) -> Result<(), Error> {
    macro_rules! column {
        ($article:ident => $value:expr) => {
            &settled.iter().map(|$article| $value).collect::<Vec<_>>()
        };
    }
    transaction
        .execute(
            "INSERT INTO fingerprint (id, content_hash, site, observed, revision, seen, decision,
                 of, open, claimed_at_ms)
             SELECT id, content_hash, site, revision, revision, revision, decision, of, false,
                 stored_at_ms
             FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bigint[], $5::text[],
                 $6::bytea[], $7::bigint[])
             AS row (id, content_hash, site, revision, decision, of, stored_at_ms)
             ON CONFLICT (id) DO UPDATE SET content_hash = excluded.content_hash,
                 revision = excluded.revision, decision = excluded.decision, of = excluded.of,
                 open = false
             WHERE fingerprint.revision <= excluded.revision",
            &[
                column!(article => article.id.as_slice()),
                column!(article => article.content_hash.as_slice()),
                column!(article => clean(&article.site)),
                column!(article => article.revision),
                column!(article => article.decision.as_str()),
                column!(article => article.of.as_deref()),
                column!(article => article.stored_at_ms),
            ],
        )
        .await?;
    Ok(())
}

/// Forgets the claims on articles that were deleted, and their sketches.
pub(crate) async fn forget(client: &impl Queries, ids: &[&[u8]]) -> Result<(), Error> {
    client.execute("DELETE FROM fingerprint WHERE id = ANY ($1)", &[&ids]).await?;
    client.execute("DELETE FROM sketch WHERE id = ANY ($1)", &[&ids]).await?;
    Ok(())
}

/// Makes the records of claims say what is stored, or that nothing is. The revision stays:
/// the next one is greater.
pub(super) async fn release(client: &mut Session, owed: &[OpenClaim]) -> Result<u64, Error> {
    let transaction = client.transaction().await?;
    let mut released = 0;
    for OpenClaim { id, revision } in owed {
        let id = id.as_bytes().as_slice();
        released += transaction
            .execute(
                "UPDATE fingerprint SET content_hash = stored.content_hash,
                 observed = stored.revision,
             seen = stored.revision, decision = stored.decision,
                 of = coalesce(stored.syndicated_of,
                     CASE stored.decision WHEN 'revision' THEN stored.id END),
                 open = false
             FROM article AS stored
             WHERE stored.id = fingerprint.id AND fingerprint.id = $1
                 AND fingerprint.revision = $2 AND open",
                &[&id, &revision.0],
            )
            .await?;
        released += transaction
            .execute(
                "UPDATE fingerprint SET decision = 'duplicate', of = NULL, open = false
             WHERE id = $1 AND revision = $2 AND open",
                &[&id, &revision.0],
            )
            .await?;
    }
    transaction.commit().await?;
    Ok(released)
}
