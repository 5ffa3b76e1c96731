//! Partitions of tables by a time: how they are listed, made and exchanged.

use crate::error::Error;
use crate::session::Queries;
use crate::span::Span;

const LIST: &str = "
SELECT child.relname::text, pg_get_expr(child.relpartbound, child.oid), child.reltuples,
    EXISTS (
        SELECT FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
            JOIN pg_am ON pg_am.oid = index.relam
        WHERE indrelid = child.oid AND amname = 'hnsw' AND indisvalid)
FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
WHERE inhparent = to_regclass($1)";

/// Looks at partitions that others exchange, until one sees all bounds.
const LOOKS: usize = 10;

/// A partition of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// The name of its own table.
    pub table: String,
    /// The times of its rows.
    pub span: Span,
    /// The number of rows at the last look of the server; negative if it never looked.
    pub estimated_rows: f32,
    /// True if the vectors in it have an HNSW index.
    pub is_indexed: bool,
}

/// A table that is divided by the column `key`, which has Unix milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Partitioned<'a> {
    /// The name of the table.
    pub table: &'a str,
    /// The name of the column.
    pub key: &'a str,
}

impl Partitioned<'_> {
    /// Returns the partitions in the order of their times.
    ///
    /// # Errors
    /// [`Error::Bounds`] if another program made one that is no span, or a failure of the server.
    pub async fn list(self, client: &impl Queries) -> Result<Vec<Partition>, Error> {
        for _ in 1..LOOKS {
            if let Some(all) = self.look(client).await? {
                return Ok(all);
            }
        }
        let (table, bounds) = (self.table.to_owned(), "none".to_owned());
        self.look(client).await?.ok_or(Error::Bounds { table, bounds })
    }

    /// Returns `None` if a partition went while the server looked at it: the bounds of a partition
    /// are not of the state that the statement sees, but of the newest one.
    async fn look(self, client: &impl Queries) -> Result<Option<Vec<Partition>>, Error> {
        let rows = client.query(LIST, &[&self.table]).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let (table, bounds): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
            let Some(bounds) = bounds else { return Ok(None) };
            let Some(span) = Span::of_bounds(&bounds) else {
                return Err(Error::Bounds { table, bounds });
            };
            let (estimated_rows, is_indexed) = (row.try_get(2)?, row.try_get(3)?);
            all.push(Partition { table, span, estimated_rows, is_indexed });
        }
        all.sort_by_key(|partition| partition.span);
        Ok(Some(all))
    }

    /// Returns the name of the partition with the times of `span`.
    pub fn name(self, span: Span) -> String {
        format!("{}_{}", self.table, span.name())
    }

    /// Makes a table that is like a partition for `span`, and is none yet.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn make(self, client: &impl Queries, name: &str, span: Span) -> Result<(), Error> {
        let (table, condition) = (self.table, span.condition(self.key));
        let make = format!(
            "CREATE TABLE {name} (LIKE {table} INCLUDING ALL, CONSTRAINT span CHECK ({condition}))"
        );
        client.batch(&make).await
    }

    /// Makes the table `name` the partition for `span`. A check that the table has spares the
    /// server a look at its rows.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn attach(self, client: &impl Queries, name: &str, span: Span) -> Result<(), Error> {
        let (table, bounds) = (self.table, span.bounds());
        let attach = format!("ALTER TABLE {table} ATTACH PARTITION {name} {bounds}");
        client.batch(&attach).await?;
        client.batch(&format!("ALTER TABLE {name} DROP CONSTRAINT IF EXISTS span")).await
    }

    /// Makes an empty partition. Others may read and write meanwhile.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn add(self, client: &impl Queries, span: Span) -> Result<(), Error> {
        let name = self.name(span);
        self.make(client, &name, span).await?;
        self.attach(client, &name, span).await
    }

    /// Makes a partition a table of its own. The caller holds the table's exclusive lock.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn detach(self, client: &impl Queries, name: &str) -> Result<(), Error> {
        client.batch(&format!("ALTER TABLE {} DETACH PARTITION {name}", self.table)).await
    }
}
