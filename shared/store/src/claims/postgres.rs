//! The duplicate index. A claim holds a lock for its article and one for its
//! text, so that claims of either are judged one after the other.

use courant_article::{ArticleId, Decision, Revision};
use courant_dedup::{
    Claim, Cluster, Effect, Fingerprint, Known, RELEASED_AT_MS, Sketch, Verdict, judge,
};
use deadpool_postgres::{Client, GenericClient, Transaction};
use tokio_postgres::{IsolationLevel, Row};

use super::sketch::KnownSketch;
use crate::columns::{article_id, clean, content_hash, corrupt, decision_from, optional_id};
use crate::error::Error;

pub(super) async fn claim(
    client: &mut Client,
    claim: &Claim,
    now_ms: i64,
) -> Result<Verdict, Error> {
    // Each statement must see what others committed before the locks were had.
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    lock(&transaction, claim).await?;
    let known = known_of(&transaction, claim, now_ms).await?;
    let (verdict, effect) = judge(claim, &known);
    match effect {
        Effect::Keep => {}
        Effect::See => see(&transaction, claim).await?,
        Effect::Record { first, in_place_of } => {
            if let Some(lapsed) = in_place_of {
                replace(&transaction, claim, lapsed, first).await?;
            }
            record(&transaction, claim, verdict, first, now_ms).await?;
        }
    }
    transaction.commit().await?;
    Ok(verdict)
}

/// Always in the same order, so that no two claims wait for each other. Two
/// names with the same number only wait more than they need.
async fn lock(transaction: &Transaction<'_>, claim: &Claim) -> Result<(), Error> {
    let mut numbers = [number(claim.id.as_bytes()), number(claim.content_hash.as_bytes())];
    numbers.sort_unstable();
    let statement = transaction
        .prepare_cached("SELECT pg_advisory_xact_lock(number) FROM unnest($1::bigint[]) AS number")
        .await?;
    transaction.query(&statement, &[&numbers.as_slice()]).await?;
    Ok(())
}

fn number(name: &[u8; 16]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *name;
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// Reads what bears on a claim.
async fn known_of(
    transaction: &Transaction<'_>,
    claim: &Claim,
    now_ms: i64,
) -> Result<Known, Error> {
    let mut known = Known::new(cluster(transaction, claim).await?, now_ms);
    loop {
        let asked = known.missing(claim);
        if asked.is_empty() {
            return Ok(known);
        }
        known.learn(&asked, fingerprints(transaction, &asked).await?);
    }
}

async fn fingerprints(
    client: &impl GenericClient,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, Fingerprint)>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT fingerprint.id, fingerprint.content_hash, fingerprint.revision, seen,
                 fingerprint.decision, of, claimed_at_ms, article.revision
             FROM fingerprint LEFT JOIN article USING (id) WHERE id = ANY ($1)",
        )
        .await?;
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client.query(&statement, &[&keys]).await?;
    rows.iter().map(fingerprint).collect()
}

fn fingerprint(row: &Row) -> Result<(ArticleId, Fingerprint), Error> {
    let name: &str = row.try_get(4)?;
    let decision = decision_from(name).ok_or_else(|| corrupt("decision", name))?;
    let fingerprint = Fingerprint {
        content_hash: content_hash(row.try_get(1)?)?,
        revision: Revision(row.try_get(2)?),
        seen: Revision(row.try_get(3)?),
        verdict: Verdict { decision, of: optional_id(row.try_get(5)?)? },
        claimed_at_ms: row.try_get(6)?,
        stored: row.try_get::<_, Option<i64>>(7)?.map(Revision),
    };
    Ok((article_id(row.try_get(0)?)?, fingerprint))
}

/// The articles with the very text.
async fn cluster(transaction: &Transaction<'_>, claim: &Claim) -> Result<Option<Cluster>, Error> {
    let statement = transaction
        .prepare_cached(
            "SELECT first, site = $2 FROM known_text WHERE content_hash = $1
             ORDER BY site = $2 DESC LIMIT 1",
        )
        .await?;
    let hash = claim.content_hash.as_bytes().as_slice();
    let found = transaction.query_opt(&statement, &[&hash, &clean(&claim.site)]).await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some(Cluster { first: article_id(row.try_get(0)?)?, on_this_site: row.try_get(1)? }))
}

async fn see(transaction: &Transaction<'_>, claim: &Claim) -> Result<(), Error> {
    let statement =
        transaction.prepare_cached("UPDATE fingerprint SET seen = $2 WHERE id = $1").await?;
    let id = claim.id.as_bytes().as_slice();
    transaction.execute(&statement, &[&id, &claim.revision.0]).await?;
    Ok(())
}

/// Makes the article whose claim has lapsed a copy of `first`.
async fn replace(
    transaction: &Transaction<'_>,
    claim: &Claim,
    lapsed: ArticleId,
    first: ArticleId,
) -> Result<(), Error> {
    let (lapsed, first) = (lapsed.as_bytes().as_slice(), first.as_bytes().as_slice());
    let statement = transaction
        .prepare_cached("UPDATE known_text SET first = $3 WHERE content_hash = $1 AND first = $2")
        .await?;
    let hash = claim.content_hash.as_bytes().as_slice();
    transaction.execute(&statement, &[&hash, &lapsed, &first]).await?;
    let statement = transaction
        .prepare_cached("UPDATE fingerprint SET decision = $2, of = $3 WHERE id = $1")
        .await?;
    let decision = Decision::Syndicated.as_str();
    transaction.execute(&statement, &[&lapsed, &decision, &first]).await?;
    Ok(())
}

async fn record(
    transaction: &Transaction<'_>,
    claim: &Claim,
    verdict: Verdict,
    first: ArticleId,
    now_ms: i64,
) -> Result<(), Error> {
    let (id, hash) = (claim.id.as_bytes().as_slice(), claim.content_hash.as_bytes().as_slice());
    let of = verdict.of.map(|id| id.as_bytes().to_vec());
    let statement = transaction
        .prepare_cached(
            "INSERT INTO fingerprint
                 (id, content_hash, revision, seen, decision, of, claimed_at_ms)
             VALUES ($1, $2, $3, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET content_hash = excluded.content_hash,
                 revision = excluded.revision, seen = excluded.seen, decision = excluded.decision,
                 of = excluded.of, claimed_at_ms = excluded.claimed_at_ms",
        )
        .await?;
    let decision = verdict.decision.as_str();
    transaction
        .execute(&statement, &[&id, &hash, &claim.revision.0, &decision, &of, &now_ms])
        .await?;
    let statement = transaction
        .prepare_cached(
            "INSERT INTO known_text (content_hash, site, first) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .await?;
    let first = first.as_bytes().as_slice();
    transaction.execute(&statement, &[&hash, &clean(&claim.site), &first]).await?;
    keep_sketch(transaction, claim, verdict.decision, now_ms).await
}

/// Only of what was let in: a copy of a refused text is no copy of an article.
async fn keep_sketch(
    transaction: &Transaction<'_>,
    claim: &Claim,
    decision: Decision,
    now_ms: i64,
) -> Result<(), Error> {
    let Some(sketch) = claim.sketch.as_ref().filter(|_| decision.is_accepted()) else {
        return Ok(());
    };
    let statement = transaction
        .prepare_cached(
            "INSERT INTO sketch (id, site, sketch, claimed_at_ms) VALUES ($1, $2, $3, $4)",
        )
        .await?;
    let (id, sketch) = (claim.id.as_bytes().as_slice(), sketch.to_bytes());
    transaction.execute(&statement, &[&id, &clean(&claim.site), &sketch, &now_ms]).await?;
    Ok(())
}

pub(super) async fn forget_sketches(
    client: &Client,
    before_ms: i64,
    most: i64,
) -> Result<(), Error> {
    let statement = client
        .prepare_cached(
            "DELETE FROM sketch WHERE claimed_at_ms < $1
                 OR number <= (SELECT max(number) FROM sketch) - $2",
        )
        .await?;
    client.execute(&statement, &[&before_ms, &most]).await?;
    Ok(())
}

pub(super) async fn sketches(
    client: &Client,
    after: i64,
    limit: i64,
) -> Result<Vec<KnownSketch>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT number, id, site, sketch, claimed_at_ms FROM sketch
             WHERE number > $1 ORDER BY number LIMIT $2",
        )
        .await?;
    let rows = client.query(&statement, &[&after, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(KnownSketch {
                number: row.try_get(0)?,
                id: article_id(row.try_get(1)?)?,
                site: row.try_get(2)?,
                sketch: Sketch::from_bytes(row.try_get(3)?),
                claimed_at_ms: row.try_get(4)?,
            })
        })
        .collect()
}

pub(super) async fn known(
    client: &Client,
    ids: &[ArticleId],
    now_ms: i64,
) -> Result<Vec<bool>, Error> {
    let mut known = Known::new(None, now_ms);
    loop {
        let asked = known.missing_of(ids);
        if asked.is_empty() {
            return Ok(ids.iter().map(|id| known.stands(*id)).collect());
        }
        known.learn(&asked, fingerprints(client, &asked).await?);
    }
}

pub(super) async fn release(
    client: &Client,
    id: ArticleId,
    revision: Revision,
) -> Result<(), Error> {
    let statement = client
        .prepare_cached("UPDATE fingerprint SET claimed_at_ms = $3 WHERE id = $1 AND revision = $2")
        .await?;
    let id = id.as_bytes().as_slice();
    client.execute(&statement, &[&id, &revision.0, &RELEASED_AT_MS]).await?;
    Ok(())
}
