//! The tables of Postgres: how they come to be, and how their version is read.

use tokio_postgres::types::Type;
use tokio_postgres::{Client, GenericClient, Transaction};

use crate::articles::facts;
use crate::articles::postgres::divide;
use crate::error::Error;
use crate::ladder::{POSTGRES, SchemaVersions};

/// Names the advisory lock that one migrating process holds ("courant" and 1).
const LOCK: i64 = 0x636f_7572_616e_7401;

/// Takes the missing steps in one transaction, one process at a time, checks the
/// dimension that the tables were made for, and returns the version that was found.
pub(crate) async fn migrate(
    client: &mut Client,
    dimension: usize,
) -> Result<SchemaVersions, Error> {
    let transaction = client.transaction().await?;
    let lock = "SELECT pg_advisory_xact_lock($1)";
    transaction.execute_typed(lock, &[(&LOCK, Type::INT8)]).await?;
    transaction
        .batch_execute("CREATE TABLE IF NOT EXISTS courant_schema (version bigint PRIMARY KEY)")
        .await?;
    let schema = schema(&transaction).await?;
    for step in POSTGRES.missing(schema.found)? {
        transaction.batch_execute(&step.sql(dimension)).await?;
        if step.number == facts::STEP {
            facts::postgres::fill(&transaction).await?;
        }
        if step.number == divide::STEP {
            divide::fill(&transaction).await?;
        }
        let done = "INSERT INTO courant_schema VALUES ($1)";
        transaction.execute_typed(done, &[(&step.number, Type::INT8)]).await?;
    }
    check_dimension(&transaction, dimension).await?;
    transaction.commit().await?;
    Ok(schema)
}

/// Reads the version; 0 in a database without our tables.
pub(crate) async fn schema(client: &impl GenericClient) -> Result<SchemaVersions, Error> {
    let query = "SELECT to_regclass('courant_schema') IS NOT NULL";
    let is_ours: bool = client.query_typed_one(query, &[]).await?.get(0);
    if !is_ours {
        return Ok(POSTGRES.schema(0));
    }
    let query = "SELECT coalesce(max(version), 0) FROM courant_schema";
    Ok(POSTGRES.schema(client.query_typed_one(query, &[]).await?.get(0)))
}

async fn check_dimension(transaction: &Transaction<'_>, configured: usize) -> Result<(), Error> {
    let query = "SELECT dimension FROM courant_dimension";
    let stored: i32 = transaction.query_typed_one(query, &[]).await?.get(0);
    match usize::try_from(stored) {
        Ok(stored) if stored == configured => Ok(()),
        Ok(stored) => Err(Error::StoredDimension { stored, configured }),
        Err(_) => Err(Error::Corrupt(format!("courant_dimension is {stored}"))),
    }
}
