//! A pool of connections to one database.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::connect;
use crate::error::Error;
use crate::session::{Queries, Session, SessionRules};
use crate::settings::Settings;
use crate::slow::{SlowStatements, explain};

/// A pool of connections to one database.
pub struct Postgres {
    pool: Pool,
    connect_timeout: Duration,
    rules: Arc<SessionRules>,
}

impl Postgres {
    /// Opens the pool, and checks that searches have the settings that they rely on.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Pgvector`] or [`Error::Config`].
    pub async fn open(settings: &Settings) -> Result<Self, Error> {
        let server = connect::server(settings)?;
        let (slow, found) = SlowStatements::new(settings.slow_statement);
        let rules = Arc::new(SessionRules {
            address: connect::address(&server),
            prepared: settings.prepared,
            ef_search: settings.ef_search,
            timeout: settings.command_timeout,
            slow,
        });
        let pool = connect::pool(server, settings, &rules)?;
        tokio::spawn(explain(pool.clone(), rules.search(), found));
        let postgres = Self { pool, connect_timeout: settings.connect_timeout, rules };
        let ef_search = settings.ef_search;
        postgres.run(async |session| connect::check_search(session, ef_search).await).await?;
        postgres.warm(settings.pool_min).await?;
        Ok(postgres)
    }

    /// Does `work` within `limit` on a connection of its own, before there is a pool.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::Timeout`], [`Error::Config`], or that of `work`.
    pub async fn once<T, E: From<Error>>(
        settings: &Settings,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, E>,
    ) -> Result<T, E> {
        connect::once(settings, limit, work).await
    }

    /// Installs pgvector where it is absent.
    ///
    /// # Errors
    /// [`Error::Pgvector`] if it cannot be installed or is too old.
    pub async fn prepare_extension(client: &Client) -> Result<(), Error> {
        connect::prepare_extension(client).await
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
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Unreachable`], [`Error::Timeout`], or that of `work`.
    pub async fn run<T, E: From<Error>>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, E>,
    ) -> Result<T, E> {
        // The server ends a statement after the same time; this is for a server that does not
        // answer at all.
        self.run_within(self.rules.timeout, work).await
    }

    /// Does `work`, which sets the limits of its statements itself, within `limit`.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn run_within<T, E: From<Error>>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lease = self.lease().await?;
        let result = tokio::time::timeout(limit, work(lease.session())).await;
        lease.finish(result.unwrap_or_else(|_| Err(Error::Timeout(limit).into())))
    }

    /// Returns true if others held a lock longer than a statement waited for it.
    pub fn is_locked(error: &Error) -> bool {
        error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
    }

    /// Checks that the server answers.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn ping(&self) -> Result<(), Error> {
        let ping = async |client: &mut Session| {
            client.query_one("SELECT 1", &[]).await?;
            Ok(())
        };
        self.run(ping).await
    }

    /// Closes the connections. Whoever asks for one from then on gets [`Error::Closed`].
    pub fn close(&self) {
        self.pool.close();
    }

    async fn lease(&self) -> Result<PooledConnection, Error> {
        let client = self.pool.get().await.map_err(|error| {
            connect::no_connection(error, &self.rules.address, self.connect_timeout)
        })?;
        let session = Session::new(client, Arc::clone(&self.rules));
        Ok(PooledConnection { session: Some(session), keep: false })
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

    fn finish<T, E>(mut self, result: Result<T, E>) -> Result<T, E> {
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
