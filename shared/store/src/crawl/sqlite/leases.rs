//! Leases by the passed clock: a file has one process, and its crawlers share that.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::crawl::lease::{Lease, Renewal, TakenLease};
use crate::error::Error;

pub(in crate::crawl) fn take(
    connection: &Connection,
    domain: &str,
    holder: &str,
    lasts: Duration,
    now_ms: i64,
) -> Result<Option<TakenLease>, Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO crawl_lease AS lease
             (domain, holder, epoch, expires_at_ms, delay_ms)
         VALUES (?1, ?2, 1, ?3, 0)
         ON CONFLICT (domain) DO UPDATE SET holder = excluded.holder,
             epoch = lease.epoch + 1, expires_at_ms = excluded.expires_at_ms
         WHERE lease.holder = excluded.holder OR lease.expires_at_ms <= ?4
         RETURNING epoch, delay_ms",
    )?;
    let end_ms = now_ms.saturating_add(millis(lasts));
    let taken = statement.query_row(params![domain, holder, end_ms, now_ms], |row| {
        Ok(TakenLease {
            lease: Lease {
                domain: domain.to_owned(),
                holder: holder.to_owned(),
                epoch: row.get(0)?,
            },
            delay: Duration::from_millis(row.get(1)?),
        })
    });
    Ok(taken.optional()?)
}

pub(in crate::crawl) fn renew(
    connection: &Connection,
    holder: &str,
    leases: &[(Lease, Duration)],
    lasts: Duration,
    now_ms: i64,
) -> Result<Renewal, Error> {
    let end_ms = now_ms.saturating_add(millis(lasts));
    let kept = end_at(connection, holder, leases, end_ms)?;
    connection
        .prepare_cached(
            "INSERT INTO crawl_holder (holder, expires_at_ms) VALUES (?1, ?2)
             ON CONFLICT (holder) DO UPDATE SET expires_at_ms = excluded.expires_at_ms",
        )?
        .execute(params![holder, end_ms])?;
    connection
        .prepare_cached("DELETE FROM crawl_holder WHERE expires_at_ms <= ?1")?
        .execute([now_ms])?;
    let count = |table: &str| -> Result<usize, Error> {
        let query = format!("SELECT count(*) FROM {table} WHERE expires_at_ms > ?1");
        let mut statement = connection.prepare_cached(&query)?;
        Ok(statement.query_row([now_ms], |row| row.get(0))?)
    };
    Ok(Renewal { kept, crawlers: count("crawl_holder")?, domains: count("crawl_lease")? })
}

pub(in crate::crawl) fn release(
    connection: &Connection,
    holder: &str,
    leases: &[(Lease, Duration)],
) -> Result<(), Error> {
    end_at(connection, holder, leases, i64::MIN).map(|_| ())
}

pub(in crate::crawl) fn leave(connection: &Connection, holder: &str) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM crawl_holder WHERE holder = ?1")?.execute([holder])?;
    Ok(())
}

/// Sets the end of those that are still the holder's; returns their domains.
fn end_at(
    connection: &Connection,
    holder: &str,
    leases: &[(Lease, Duration)],
    end_ms: i64,
) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(
        "UPDATE crawl_lease SET expires_at_ms = ?4, delay_ms = ?5
         WHERE domain = ?1 AND holder = ?2 AND epoch = ?3",
    )?;
    let mut kept = Vec::new();
    for (lease, delay) in leases {
        let changed = statement.execute(params![
            lease.domain,
            holder,
            lease.epoch,
            end_ms,
            millis(*delay)
        ])?;
        if changed > 0 {
            kept.push(lease.domain.clone());
        }
    }
    Ok(kept)
}

/// Passes if all leases are as they were taken.
///
/// # Errors
/// [`Error::LeaseLost`] names one that is another's.
pub(in crate::crawl) fn check(connection: &Connection, leases: &[Lease]) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM crawl_lease WHERE domain = ?1 AND holder = ?2 AND epoch = ?3",
    )?;
    for lease in leases {
        if !statement.exists(params![lease.domain, lease.holder, lease.epoch])? {
            return Err(Error::LeaseLost { domain: lease.domain.clone() });
        }
    }
    Ok(())
}

fn millis(lasts: Duration) -> i64 {
    i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX)
}
