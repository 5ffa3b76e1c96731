//! A connection, lent for one operation, and its transactions: how statements are sent.
//!
//! A statement is prepared once per connection. Behind a PgBouncer that hands each transaction to
//! another connection (`store.prepared = false`) it is sent with the types of its parameters, and
//! no state of the connection outlives a transaction.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{IsolationLevel, Row};

use crate::error::Error;
use crate::parameter::Parameter;
use crate::slow::SlowStatements;

/// A process that stands still in the middle of a transaction holds its locks no longer:
/// others wait for them.
const MAX_IDLE_IN_TRANSACTION_MS: u32 = 5_000;

/// The rules that all connections of a pool follow.
#[derive(Debug)]
pub(crate) struct SessionRules {
    /// For messages.
    pub(crate) address: String,
    pub(crate) prepared: bool,
    pub(crate) ef_search: u32,
    pub(crate) timeout: Duration,
    pub(crate) slow: SlowStatements,
}

impl SessionRules {
    /// Returns the settings that searches by vector rely on, until the transaction ends. The
    /// cast loads the library: before that Postgres accepts any name and value.
    ///
    /// A plan for all values of the parameters knows neither the partitions nor how few rows are
    /// wanted, and compiling a plan takes longer than to follow it.
    pub(crate) fn search(&self) -> String {
        format!(
            "SELECT '[1]'::halfvec;
             SET LOCAL hnsw.ef_search = {};
             SET LOCAL hnsw.iterative_scan = 'relaxed_order';
             SET LOCAL plan_cache_mode = 'force_custom_plan';
             SET LOCAL enable_partition_pruning = on;
             SET LOCAL jit = off",
            self.ef_search,
        )
    }

    /// Returns the failure of a statement, with the address of the server.
    fn failed(&self, error: impl Into<Error>) -> Error {
        match error.into() {
            Error::Unreachable { reason, .. } => {
                Error::Unreachable { address: self.address.clone(), reason }
            }
            error if error.code() == Some(&SqlState::QUERY_CANCELED) => {
                Error::Timeout(self.timeout)
            }
            error => error,
        }
    }

    /// Returns the limits of statements and transactions: for the whole life of a connection, or
    /// until the transaction ends.
    pub(crate) fn limits(&self, is_local: bool) -> String {
        let (set, timeout) = (if is_local { "SET LOCAL" } else { "SET" }, self.timeout.as_millis());
        format!(
            "{set} statement_timeout = {timeout};
             {set} idle_in_transaction_session_timeout = {MAX_IDLE_IN_TRANSACTION_MS}"
        )
    }
}

/// A connection that is lent for one operation.
pub struct Session {
    client: Client,
    rules: Arc<SessionRules>,
}

/// A transaction. It is rolled back unless it is committed.
pub struct Transaction<'a> {
    inner: deadpool_postgres::Transaction<'a>,
    rules: Arc<SessionRules>,
}

impl Session {
    /// `client` was lent by a pool of connections that follow `rules`.
    pub(crate) fn new(client: Client, rules: Arc<SessionRules>) -> Self {
        Self { client, rules }
    }

    pub(crate) fn into_client(self) -> Client {
        self.client
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn transaction(&mut self) -> Result<Transaction<'_>, Error> {
        let rules = Arc::clone(&self.rules);
        let inner = self.client.transaction().await.map_err(|error| rules.failed(error))?;
        Transaction { inner, rules }.limited().await
    }

    /// Begins a transaction in which each statement sees what others committed before it.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn read_committed(&mut self) -> Result<Transaction<'_>, Error> {
        let rules = Arc::clone(&self.rules);
        let level = IsolationLevel::ReadCommitted;
        let begun = self.client.build_transaction().isolation_level(level).start().await;
        let inner = begun.map_err(|error| rules.failed(error))?;
        Transaction { inner, rules }.limited().await
    }

    /// Begins a transaction with the settings of searches by vector.
    ///
    /// # Errors
    /// A failure of the server.
    pub async fn search(&mut self) -> Result<Transaction<'_>, Error> {
        let transaction = self.transaction().await?;
        transaction.batch(&transaction.rules.search()).await?;
        Ok(transaction)
    }
}

impl Transaction<'_> {
    /// The connection that another transaction had may have no limits.
    async fn limited(self) -> Result<Self, Error> {
        if !self.rules.prepared {
            self.batch(&self.rules.limits(true)).await?;
        }
        Ok(self)
    }

    /// Commits.
    ///
    /// # Errors
    /// A failure of the server. It is unknown if the transaction was committed.
    pub async fn commit(self) -> Result<(), Error> {
        let Self { inner, rules } = self;
        inner.commit().await.map_err(|error| rules.failed(error))
    }
}

/// Sends statements: in a transaction, or each in its own.
///
/// Every method fails as the server does.
#[expect(async_fn_in_trait, reason = "callers await on the task that they are on")]
pub trait Queries {
    /// Returns the rows of a statement.
    async fn query(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<Vec<Row>, Error>;

    /// Returns the number of rows that a statement changed.
    async fn execute(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<u64, Error>;

    /// Sends statements that have no parameters and return nothing.
    async fn batch(&self, sql: &str) -> Result<(), Error>;

    /// Returns the row of a statement that finds one or none.
    async fn query_opt(
        &self,
        sql: &str,
        parameters: &[&dyn Parameter],
    ) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, parameters).await?.pop())
    }

    /// Returns the row of a statement that finds one.
    async fn query_one(&self, sql: &str, parameters: &[&dyn Parameter]) -> Result<Row, Error> {
        self.query_opt(sql, parameters).await?.ok_or(Error::NoRow)
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
                let work = async {
                    if !self.rules.prepared {
                        return self.$inner.query_typed(sql, &typed(parameters)).await;
                    }
                    let statement = self.$inner.prepare_cached(sql).await?;
                    self.$inner.query(&statement, &values(parameters)).await
                };
                let start = Instant::now();
                let result = work.await.map_err(|error| self.rules.failed(error));
                self.rules.slow.ended(sql, start);
                result
            }

            async fn execute(
                &self,
                sql: &str,
                parameters: &[&dyn Parameter],
            ) -> Result<u64, Error> {
                let work = async {
                    if !self.rules.prepared {
                        return self.$inner.execute_typed(sql, &typed(parameters)).await;
                    }
                    let statement = self.$inner.prepare_cached(sql).await?;
                    self.$inner.execute(&statement, &values(parameters)).await
                };
                let start = Instant::now();
                let result = work.await.map_err(|error| self.rules.failed(error));
                self.rules.slow.ended(sql, start);
                result
            }

            async fn batch(&self, sql: &str) -> Result<(), Error> {
                self.$inner.batch_execute(sql).await.map_err(|error| self.rules.failed(error))
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

    async fn batch(&self, sql: &str) -> Result<(), Error> {
        Ok(self.batch_execute(sql).await?)
    }
}

fn values<'a>(parameters: &[&'a dyn Parameter]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter.value()).collect()
}

fn typed<'a>(parameters: &[&'a dyn Parameter]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|parameter| (parameter.value(), parameter.type_of())).collect()
}
