//! Leases by the server's own time.

use std::time::Duration;

use crate::columns::clean;
use crate::crawl::lease::{Lease, Renewal, TakenLease};
use crate::error::Error;
use courant_postgres::{Queries, Session, Transaction};

/// The end is reckoned before a wait for the row, the comparison comes after it: both
/// err on the former holder's side.
const TAKE: &str = "
INSERT INTO crawl_lease AS lease (domain, holder, epoch, expires_at, delay_ms)
VALUES ($1, $2, 1, clock_timestamp() + $3::bigint * interval '1 millisecond', 0)
ON CONFLICT (domain) DO UPDATE SET holder = excluded.holder,
    epoch = lease.epoch + 1, expires_at = excluded.expires_at
WHERE lease.holder = excluded.holder OR lease.expires_at <= clock_timestamp()
RETURNING epoch, delay_ms";

pub(in crate::crawl) async fn take(
    client: &Session,
    domain: &str,
    holder: &str,
    lasts: Duration,
) -> Result<Option<TakenLease>, Error> {
    let lasts_ms = millis(lasts);
    let domain = clean(domain);
    let Some(row) = client.query_opt(TAKE, &[&domain, &holder, &lasts_ms]).await? else {
        return Ok(None);
    };
    Ok(Some(TakenLease {
        lease: Lease { domain, holder: holder.to_owned(), epoch: row.try_get(0)? },
        delay: Duration::from_millis(u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default()),
    }))
}

/// Rows are locked in the order of domains, as by [`check`]: none waits for another in a
/// circle.
const RENEW: &str = "
WITH mine AS (
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS mine (domain, epoch, delay_ms)
), locked AS (
    SELECT lease.domain, mine.delay_ms FROM crawl_lease AS lease JOIN mine USING (domain, epoch)
    WHERE lease.holder = $1 ORDER BY lease.domain FOR UPDATE OF lease
)
UPDATE crawl_lease AS lease SET delay_ms = locked.delay_ms,
    expires_at = clock_timestamp() + $5::bigint * interval '1 millisecond'
FROM locked WHERE lease.domain = locked.domain
RETURNING lease.domain";

const LIVE: &str = "
INSERT INTO crawl_holder (holder, expires_at)
VALUES ($1, clock_timestamp() + $2::bigint * interval '1 millisecond')
ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at";

/// Waits for no crawler that stands still.
const FORGET: &str = "
DELETE FROM crawl_holder WHERE holder IN (
    SELECT holder FROM crawl_holder WHERE expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED
)";

const COUNT: &str = "
SELECT (SELECT count(*) FROM crawl_holder WHERE expires_at > clock_timestamp()),
    (SELECT count(*) FROM crawl_lease WHERE expires_at > clock_timestamp())";

pub(in crate::crawl) async fn renew(
    client: &mut Session,
    holder: &str,
    leases: &[(Lease, Duration)],
    lasts: Duration,
) -> Result<Renewal, Error> {
    let (domains, epochs, delays) = columns(leases);
    let lasts_ms = millis(lasts);
    let transaction = client.transaction().await?;
    let kept = transaction.query(RENEW, &[&holder, &domains, &epochs, &delays, &lasts_ms]).await?;
    transaction.execute(LIVE, &[&holder, &lasts_ms]).await?;
    transaction.execute(FORGET, &[]).await?;
    let counts = transaction.query_one(COUNT, &[]).await?;
    transaction.commit().await?;
    Ok(Renewal {
        kept: kept.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?,
        crawlers: count(counts.try_get(0)?),
        domains: count(counts.try_get(1)?),
    })
}

const RELEASE: &str = "
WITH mine AS (
    SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[]) AS mine (domain, epoch, delay_ms)
), locked AS (
    SELECT lease.domain, mine.delay_ms FROM crawl_lease AS lease JOIN mine USING (domain, epoch)
    WHERE lease.holder = $1 ORDER BY lease.domain FOR UPDATE OF lease
)
UPDATE crawl_lease AS lease SET delay_ms = locked.delay_ms, expires_at = '-infinity'
FROM locked WHERE lease.domain = locked.domain";

pub(in crate::crawl) async fn release(
    client: &Session,
    holder: &str,
    leases: &[(Lease, Duration)],
) -> Result<(), Error> {
    let (domains, epochs, delays) = columns(leases);
    client.execute(RELEASE, &[&holder, &domains, &epochs, &delays]).await?;
    Ok(())
}

pub(in crate::crawl) async fn leave(client: &Session, holder: &str) -> Result<(), Error> {
    client.execute("DELETE FROM crawl_holder WHERE holder = $1", &[&holder]).await?;
    Ok(())
}

const CHECK: &str = "
SELECT lease.domain FROM crawl_lease AS lease
JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS mine (domain, holder, epoch)
    USING (domain, holder, epoch)
ORDER BY lease.domain FOR SHARE OF lease";

/// Keeps the leases as they are until the transaction ends.
///
/// # Errors
/// [`Error::LeaseLost`] names one that is another's.
pub(in crate::crawl) async fn check(
    transaction: &Transaction<'_>,
    leases: &[Lease],
) -> Result<(), Error> {
    if leases.is_empty() {
        return Ok(());
    }
    let domains: Vec<&str> = leases.iter().map(|lease| lease.domain.as_str()).collect();
    let holders: Vec<&str> = leases.iter().map(|lease| lease.holder.as_str()).collect();
    let epochs: Vec<i64> = leases.iter().map(|lease| lease.epoch).collect();
    let rows = transaction.query(CHECK, &[&domains, &holders, &epochs]).await?;
    let held: Vec<&str> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    match domains.into_iter().find(|domain| !held.contains(domain)) {
        Some(domain) => Err(Error::LeaseLost { domain: domain.to_owned() }),
        None => Ok(()),
    }
}

fn columns(leases: &[(Lease, Duration)]) -> (Vec<&str>, Vec<i64>, Vec<i64>) {
    let domains = leases.iter().map(|(lease, _)| lease.domain.as_str()).collect();
    let epochs = leases.iter().map(|(lease, _)| lease.epoch).collect();
    let delays = leases.iter().map(|(_, delay)| millis(*delay)).collect();
    (domains, epochs, delays)
}

fn millis(lasts: Duration) -> i64 {
    i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX)
}

fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or_default()
}
