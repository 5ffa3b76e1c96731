//! A connection, lent for one operation, and its transactions: how statements are sent.
//!
//! A statement is prepared once per connection. Behind a PgBouncer that hands each transaction to
//! another connection (`store.prepared = false`) it is sent with the types of its parameters, and
//! no state of the connection outlives a transaction.

use std::time::Duration;

use deadpool_postgres::Client;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{IsolationLevel, Row};

use super::parameter::Parameter;
use crate::error::Error;

/// A process that stands still in the middle of a transaction holds its locks no longer:
/// others wait for them.
const MAX_IDLE_IN_TRANSACTION_MS: u32 = 5_000;

/// The rules that all connections of a pool follow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRules {
    pub(crate) prepared: bool,
    pub(crate) ef_search: u32,
    pub(crate) timeout: Duration,
}

impl SessionRules {
    /// Returns the settings that searches by vector rely on, until the transaction ends. The
    /// cast loads the library: before that Postgres accepts any name and value.
    fn search(&self) -> String {
        format!(
            "SELECT '[1]'::halfvec;
             SET LOCAL hnsw.ef_search = {};
             SET LOCAL hnsw.iterative_scan = 'relaxed_order'",
            self.ef_search,
        )
    }

    /// Returns the limits of statements and transactions: for the whole life of a connection, or
    /// until the transaction ends.
    pub(super) fn limits(&self, is_local: bool) -> String {
        let (set, timeout) = (if is_local { "SET LOCAL" } else { "SET" }, self.timeout.as_millis());
        format!(
            "{set} statement_timeout = {timeout};
             {set} idle_in_transaction_session_timeout = {MAX_IDLE_IN_TRANSACTION_MS}"
        )
    }
}

/// A connection that is lent for one operation.
pub(crate) struct Session {
    client: Client,
    rules: SessionRules,
}

/// A transaction. It is rolled back unless it is committed.
pub(crate) struct Transaction<'a> {
    inner: deadpool_postgres::Transaction<'a>,
    rules: SessionRules,
}

impl Session {
    /// `client` was lent by a pool of connections that follow `rules`.
    pub(crate) fn new(client: Client, rules: SessionRules) -> Self {
        Self { client, rules }
    }

    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Begins a transaction.
    pub(crate) async fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        let inner = self.client.transaction().await?;
        Transaction { inner, rules: self.rules }.limited().await
    }

    /// Begins a transaction in which each statement sees what others committed before it.
    pub(crate) async fn read_committed(&mut self) -> Result<Transaction<'_>, Error> {
        let level = IsolationLevel::ReadCommitted;
        let inner = self.client.build_transaction().isolation_level(level).start().await?;
        Transaction { inner, rules: self.rules }.limited().await
    }

    /// Begins a transaction with the settings of searches by vector.
    pub(crate) async fn search(&mut self) -> Result<Transaction<'_>, Error> {
        let transaction = self.transaction().await?;
        transaction.inner.batch_execute(&transaction.rules.search()).await?;
        Ok(transaction)
    }
}

impl Transaction<'_> {
    /// The connection that another transaction had may have no limits.
    async fn limited(self) -> Result<Self, Error> {
        if !self.rules.prepared {
            self.inner.batch_execute(&self.rules.limits(true)).await?;
        }
        Ok(self)
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        Ok(self.inner.commit().await?)
    }
}

/// Sends statements: in a transaction, or each in its own.
pub(crate) trait Queries {
    async fn query(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<Vec<Row>, Error>;

    async fn execute(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<u64, Error>;

    async fn query_opt(
        &self,
        sql: &str,
        parameters: &[&dyn Parameter],
    ) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, parameters).await?.pop())
    }

    async fn query_one(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<Row, Error> {
        let row = self.query_opt(sql, parameters).await?;
        row.ok_or_else(|| Error::Corrupt("a question without an answer".into()))
    }
}

macro_rules! queries {
    ($($name:ty: $inner:ident),*) => {
        $(impl Queries for $name {
            async fn query(
                &self,
                sql: &str,
                parameters: &[&dyn Parameter],
            ) -> Result<Vec<Row>, Error> {
                if !self.rules.prepared {
                    return Ok(self.$inner.query_typed(sql, &typed(parameters)).await?);
                }
                let statement = self.$inner.prepare_cached(sql).await?;
                Ok(self.$inner.query(&statement, &values(parameters)).await?)
            }

            async fn execute(
                &self,
                sql: &str,
                parameters: &[&dyn Parameter],
            ) -> Result<u64, Error> {
                if !self.rules.prepared {
                    return Ok(self.$inner.execute_typed(sql, &typed(parameters)).await?);
                }
                let statement = self.$inner.prepare_cached(sql).await?;
                Ok(self.$inner.execute(&statement, &values(parameters)).await?)
            }
        })*
    };
}

queries!(Session: client, Transaction<'_>: inner);

/// A transaction of a migration, which has a connection of its own.
impl Queries for tokio_postgres::Transaction<'_> {
    async fn query(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<Vec<Row>, Error> {
        Ok(self.query_typed(sql, &typed(parameters)).await?)
    }

    async fn execute(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<u64, Error> {
        Ok(self.execute_typed(sql, &typed(parameters)).await?)
    }
}

fn values<'a>(parameters: &[&'a dyn Parameter]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter.value()).collect()
}

fn typed<'a>(parameters: &[&'a dyn Parameter]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|parameter| (parameter.value(), parameter.type_of())).collect()
}
