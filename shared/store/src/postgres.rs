//! Postgres with pgvector, for any number of processes: connections, and how they are
//! lent. The operations stand with the handles.

mod connect;
pub(crate) mod parameter;
mod schema;
pub(crate) mod session;

use std::time::Duration;

use courant_telemetry::Clock;
use deadpool_postgres::{Object, Pool};
use tokio_postgres::error::SqlState;

use crate::config::Config;
use crate::error::Error;
use crate::ladder::SchemaVersions;
use session::{Queries, Session, SessionRules};

/// The longest time that a migration may take, or wait for that of another process: a step may
/// write every article again.
const MIGRATION: Duration = Duration::from_secs(3600);

/// A pool of connections to one database.
pub(crate) struct Postgres {
    pool: Pool,
    /// For messages.
    address: String,
    connect_timeout: Duration,
    command_timeout: Duration,
    rules: SessionRules,
    clock: Clock,
}

impl Postgres {
    /// Brings the extension and the tables up to date, and opens the pool.
    pub(crate) async fn connect(config: &Config, clock: Clock) -> Result<Self, Error> {
        Self::migrate(config).await?;
        let server = connect::server(config)?;
        let postgres = Self {
            address: connect::address(&server),
            pool: connect::pool(server, config)?,
            connect_timeout: config.connect_timeout(),
            command_timeout: config.command_timeout(),
            rules: connect::rules(config),
            clock,
        };
        let check = async |session: &mut _| connect::check_search(session, config.ef_search).await;
        postgres.run(check).await?;
        postgres.warm(config.pool_min).await?;
        Ok(postgres)
    }

    /// Brings the extension and the tables up to date.
    pub(crate) async fn migrate(config: &Config) -> Result<SchemaVersions, Error> {
        let prepare = async |client: &mut _| {
            connect::prepare_extension(client).await?;
            schema::migrate(client, config.dimension).await
        };
        connect::once(config, MIGRATION, prepare).await
    }

    /// The version of the tables, which stay as they are.
    pub(crate) async fn schema(config: &Config) -> Result<SchemaVersions, Error> {
        let read = async |client: &mut _| schema::schema(client).await;
        connect::once(config, config.command_timeout(), read).await
    }

    /// The pool has no least size: opening some and giving them back makes it.
    async fn warm(&self, connections: usize) -> Result<(), Error> {
        let mut leases = Vec::with_capacity(connections);
        for _ in 0..connections.max(1) {
            leases.push(self.lease().await?);
        }
        leases.into_iter().for_each(PooledConnection::give_back);
        Ok(())
    }

    /// Does `work` on a connection of the pool, within the command timeout.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(work(lease.session())).await;
        lease.finish(result)
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let ping = async |client: &mut Session| {
            client.query_one("SELECT 1", &[]).await?;
            Ok(())
        };
        self.run(ping).await
    }

    /// The time, Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    async fn lease(&self) -> Result<PooledConnection, Error> {
        let client =
            self.pool.get().await.map_err(|error| {
                connect::no_connection(error, &self.address, self.connect_timeout)
            })?;
        let session = Session::new(client, self.rules);
        Ok(PooledConnection { session: Some(session), keep: false })
    }

    /// The server ends a statement after the same time; this is for a server
    /// that does not answer at all.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = Error::Timeout(self.command_timeout);
        let result = tokio::time::timeout(self.command_timeout, work).await;
        result.unwrap_or(Err(late.clone())).map_err(|error| match error {
            Error::Postgres(refusal) if refusal.code() == Some(&SqlState::QUERY_CANCELED) => late,
            Error::Unreachable { reason, .. } => {
                Error::Unreachable { address: self.address.clone(), reason }
            }
            error => error,
        })
    }
}

/// A connection that goes back to the pool only after a success: one that was
/// left in the middle of a command, by an error, a timeout or a caller that has
/// gone, is closed.
struct PooledConnection {
    session: Option<Session>,
    keep: bool,
}

impl PooledConnection {
    fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("only `drop` takes the session")
    }

    fn finish<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.keep = result.is_ok();
        result
    }

    fn give_back(mut self) {
        self.keep = true;
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && !self.keep
        {
            drop(Object::take(session.into_client()));
        }
    }
}
