//! The tables on a server.

use std::time::Duration;

use courant_access::AuditEntry;
use courant_config::Secret;
use courant_postgres::{Postgres, Queries, Session, Settings};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::row::{Row, VERSION};
use crate::error::Error;

/// The time for the tables to be made: another process may make them.
const MAKING: Duration = Duration::from_secs(60);
/// Names the advisory lock of the process that makes the tables ("courant" and 2).
const LOCK: i64 = 0x636f_7572_616e_7402;

const TABLES: &str = "
CREATE TABLE access_record (
    kind text NOT NULL, key text NOT NULL, body text NOT NULL, until_ms bigint NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE TABLE access_change (number bigint NOT NULL);
INSERT INTO access_change VALUES (0);
CREATE TABLE access_audit (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at_ms bigint NOT NULL,
    who text NOT NULL, what text NOT NULL, target text NOT NULL, result text NOT NULL,
    request text NOT NULL, address text NOT NULL
);
CREATE INDEX access_audit_time ON access_audit (at_ms);";

/// Connects, and makes the tables where they are absent.
pub(super) async fn open(url: &Secret) -> Result<Postgres, Error> {
    let settings = settings(url);
    Postgres::once(&settings, MAKING, async |client: &mut Client| make(client).await).await?;
    Ok(Postgres::open(&settings).await?)
}

pub(super) fn settings(url: &Secret) -> Settings {
    Settings {
        url: url.clone(),
        pool_min: 1,
        pool_max: 2,
        connect_timeout: Duration::from_secs(3),
        command_timeout: Duration::from_secs(10),
        slow_statement: Duration::from_millis(500),
        prepared: false,
        ef_search: 100,
    }
}

async fn make(client: &mut Client) -> Result<(), Error> {
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction.execute_typed(lock, &[(&LOCK, Type::INT8)]).await?;
    let known = "SELECT to_regclass('access_schema') IS NOT NULL";
    let is_made: bool = transaction.query_typed_one(known, &[]).await?.get(0);
    if is_made {
        let query = "SELECT coalesce(max(version), 0) FROM access_schema";
        let found: i64 = transaction.query_typed_one(query, &[]).await?.get(0);
        if found > VERSION {
            return Err(Error::Newer { found, known: VERSION });
        }
    } else {
        transaction.batch_execute("CREATE TABLE access_schema (version bigint NOT NULL)").await?;
        transaction.batch_execute(TABLES).await?;
        let done = "INSERT INTO access_schema VALUES ($1)";
        transaction.execute_typed(done, &[(&VERSION, Type::INT8)]).await?;
    }
    Ok(transaction.commit().await?)
}

const PUT: &str = "
WITH put AS (
    INSERT INTO access_record VALUES ($1, $2, $3, $4)
    ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, until_ms = excluded.until_ms
)
UPDATE access_change SET number = number + 1";

pub(super) async fn put(
    session: &mut Session,
    kind: &str,
    key: &str,
    body: &str,
    until_ms: i64,
) -> Result<(), Error> {
    session.execute(PUT, &[&kind, &key, &body, &until_ms]).await?;
    Ok(())
}

const REMOVE: &str = "
WITH removed AS (
    DELETE FROM access_record WHERE kind = $1 AND key = $2 RETURNING 1
), changed AS (
    UPDATE access_change SET number = number + 1
)
SELECT count(*) FROM removed";

pub(super) async fn remove(session: &mut Session, kind: &str, key: &str) -> Result<bool, Error> {
    let row = session.query_one(REMOVE, &[&kind, &key]).await?;
    Ok(row.try_get::<_, i64>(0)? > 0)
}

pub(super) async fn change(session: &mut Session) -> Result<i64, Error> {
    let row = session.query_opt("SELECT number FROM access_change", &[]).await?;
    row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

pub(super) async fn all(session: &mut Session) -> Result<Vec<Row>, Error> {
    let rows = session.query("SELECT kind, body FROM access_record", &[]).await?;
    rows.iter().map(|row| Ok(Row { kind: row.try_get(0)?, body: row.try_get(1)? })).collect()
}

const NOTE: &str = "
INSERT INTO access_audit (at_ms, who, what, target, result, request, address)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
    $7::text[])";

pub(super) async fn note(session: &mut Session, entries: &[AuditEntry]) -> Result<(), Error> {
    let texts = |of: fn(&AuditEntry) -> &str| -> Vec<&str> { entries.iter().map(of).collect() };
    let times: Vec<i64> = entries.iter().map(|entry| entry.at_ms).collect();
    let (who, what) = (texts(|entry| &entry.who), texts(|entry| &entry.what));
    let (target, result) = (texts(|entry| &entry.target), texts(|entry| &entry.result));
    let (request, address) = (texts(|entry| &entry.request), texts(|entry| &entry.address));
    session.execute(NOTE, &[&times, &who, &what, &target, &result, &request, &address]).await?;
    Ok(())
}

const AUDIT: &str = "
SELECT number, at_ms, who, what, target, result, request, address FROM access_audit
WHERE number < $1 ORDER BY number DESC LIMIT $2";

pub(super) async fn audit(
    session: &mut Session,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, AuditEntry)>, Error> {
    let rows = session.query(AUDIT, &[&before, &limit]).await?;
    let read = |row: &tokio_postgres::Row| {
        let entry = AuditEntry {
            at_ms: row.try_get(1)?,
            who: row.try_get(2)?,
            what: row.try_get(3)?,
            target: row.try_get(4)?,
            result: row.try_get(5)?,
            request: row.try_get(6)?,
            address: row.try_get(7)?,
        };
        Ok((row.try_get(0)?, entry))
    };
    rows.iter().map(read).collect()
}

const FORGET_RECORDS: &str = "
WITH removed AS (
    DELETE FROM access_record WHERE until_ms < $1 RETURNING 1
)
UPDATE access_change SET number = number + 1 WHERE EXISTS (SELECT FROM removed)";

const FORGET_AUDIT: &str = "
DELETE FROM access_audit WHERE at_ms < $1
    OR number <= (SELECT coalesce(max(number), 0) FROM access_audit) - $2";

pub(super) async fn forget(
    session: &mut Session,
    now_ms: i64,
    audit_from_ms: i64,
    audit_entries: i64,
) -> Result<(), Error> {
    session.execute(FORGET_RECORDS, &[&now_ms]).await?;
    session.execute(FORGET_AUDIT, &[&audit_from_ms, &audit_entries]).await?;
    Ok(())
}
