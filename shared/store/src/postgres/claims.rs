//! The duplicate index. A claim holds a lock for its article and one for its
//! text, so that claims of either are judged one after the other.

use courant_article::{ArticleId, Revision};
use deadpool_postgres::{Client, Transaction};
use tokio_postgres::IsolationLevel;

use super::read::optional_id;
use crate::claim::{Cluster, Effect, Fingerprint, decision_from, judge};
use crate::row::{article_id, clean, content_hash, corrupt};
use crate::{Claim, Error, Verdict};

pub(super) async fn claim(
    client: &mut Client,
    claim: &Claim,
    now_ms: i64,
) -> Result<Verdict, Error> {
    // Each statement must see what others committed before the locks were had.
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start().await?;
    lock(&transaction, claim).await?;
    let fingerprint = fingerprint(&transaction, claim.id).await?;
    let cluster = cluster(&transaction, claim).await?;
    let (verdict, effect) = judge(claim, fingerprint.as_ref(), cluster);
    match effect {
        Effect::Keep => {}
        Effect::See => see(&transaction, claim).await?,
        Effect::Record => record(&transaction, claim, verdict, cluster, now_ms).await?,
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

async fn fingerprint(
    transaction: &Transaction<'_>,
    id: ArticleId,
) -> Result<Option<Fingerprint>, Error> {
    let statement = transaction
        .prepare_cached(
            "SELECT content_hash, revision, seen, decision, of FROM fingerprint WHERE id = $1",
        )
        .await?;
    let found = transaction.query_opt(&statement, &[&id.as_bytes().as_slice()]).await?;
    let Some(row) = found else { return Ok(None) };
    let name: &str = row.try_get(3)?;
    let decision = decision_from(name).ok_or_else(|| corrupt("decision", name))?;
    Ok(Some(Fingerprint {
        content_hash: content_hash(row.try_get(0)?)?,
        revision: Revision(row.try_get(1)?),
        seen: Revision(row.try_get(2)?),
        verdict: Verdict { decision, of: optional_id(row.try_get(4)?)? },
    }))
}

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

async fn record(
    transaction: &Transaction<'_>,
    claim: &Claim,
    verdict: Verdict,
    cluster: Option<Cluster>,
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
    let first = cluster.map_or(claim.id, |cluster| cluster.first);
    let statement = transaction
        .prepare_cached(
            "INSERT INTO known_text (content_hash, site, first) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .await?;
    let first = first.as_bytes().as_slice();
    transaction.execute(&statement, &[&hash, &clean(&claim.site), &first]).await?;
    Ok(())
}

pub(super) async fn known(client: &Client, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
    let statement = client
        .prepare_cached(
            "SELECT EXISTS (SELECT FROM fingerprint WHERE fingerprint.id = asked.id)
             FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (id, place) ORDER BY place",
        )
        .await?;
    let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows = client.query(&statement, &[&keys]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
