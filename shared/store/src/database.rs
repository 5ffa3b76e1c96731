//! An open database of either kind, with what every operation needs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_postgres::Session;
use opentelemetry::metrics::Meter;
use rusqlite::Connection;

use crate::config::Config;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::server::Server;
use crate::sqlite::Sqlite;

/// A file or a server.
#[derive(Clone)]
pub(crate) enum Backend {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Server>),
}

/// The part of a store that all its handles share.
pub(crate) struct Database {
    pub(crate) backend: Backend,
    pub(crate) metrics: Metrics,
    pub(crate) dimension: usize,
    pub(crate) erase_after: Duration,
    slow_query: Duration,
}

impl Database {
    pub(crate) fn new(backend: Backend, config: &Config, meter: &Meter) -> Self {
        let name = match backend {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        };
        Self {
            backend,
            metrics: Metrics::new(meter, name),
            dimension: config.dimension,
            erase_after: Duration::from_secs(config.erase_after_s),
            slow_query: Duration::from_millis(config.slow_query_ms),
        }
    }

    /// Reads in the file or on the server, whichever the store has, and measures it as
    /// `operation`. It sees the last writes.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read_by(operation, in_file, async |server| server.run(on_server).await).await
    }

    /// Reads as [`Self::read`] does, on the server's replica if it has one, which may lack the last
    /// writes.
    pub(crate) async fn read_replica<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.read_by(operation, in_file, async |server| server.read(on_server).await).await
    }

    async fn read_by<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&Server) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let work = async {
            match &self.backend {
                Backend::Sqlite(file) => file.read(in_file).await,
                Backend::Postgres(server) => on_server(server).await,
            }
        };
        self.timed(operation, work).await
    }

    /// Writes in a transaction of the file or on the server, and measures it as `operation`.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        in_file: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        on_server: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let work = async {
            match &self.backend {
                Backend::Sqlite(file) => file.write(in_file).await,
                Backend::Postgres(server) => server.run(on_server).await,
            }
        };
        self.timed(operation, work).await
    }

    /// The time, Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        match &self.backend {
            Backend::Sqlite(file) => file.now_ms(),
            Backend::Postgres(server) => server.now_ms(),
        }
    }

    /// Does `work`, and measures it as `operation`.
    pub(crate) async fn timed<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let start = Instant::now();
        let result = work.await;
        let took = start.elapsed();
        self.metrics.operation(operation, took, result.as_ref().err());
        if took > self.slow_query {
            tracing::warn!(operation, took_ms = took.as_millis(), "slow store operation");
        }
        result
    }
}
