//! The numbers of stored items.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use courant_postgres::{Queries, Session};

/// The numbers of stored items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCounts {
    /// Stored articles.
    pub articles: u64,
    /// URLs that the gateway has judged.
    pub fingerprints: u64,
    /// URLs that the crawler has fetched.
    pub visits: u64,
}

pub(crate) fn in_sqlite(connection: &Connection) -> Result<StoreCounts, Error> {
    let count = |table: &str| {
        let query = format!("SELECT count(*) FROM {table}");
        let rows: i64 = connection.query_row(&query, [], |row| row.get(0))?;
        Ok::<_, Error>(rows.unsigned_abs())
    };
    Ok(StoreCounts {
        articles: count("article")?,
        fingerprints: count("fingerprint")?,
        visits: count("visit")?,
    })
}

pub(crate) async fn in_postgres(client: &Session) -> Result<StoreCounts, Error> {
    let row = client
        .query_one(
            "SELECT (SELECT count(*) FROM article), (SELECT count(*) FROM fingerprint),
                 (SELECT count(*) FROM visit)",
            &[],
        )
        .await?;
    let count = |column: usize| Ok::<_, Error>(row.try_get::<_, i64>(column)?.unsigned_abs());
    Ok(StoreCounts { articles: count(0)?, fingerprints: count(1)?, visits: count(2)? })
}
