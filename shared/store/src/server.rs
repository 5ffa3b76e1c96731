//! A Postgres server as a store: how its tables come to be, and which pool does the work.

use std::sync::OnceLock;
use std::time::Duration;

use courant_postgres::{Postgres, Session, Settings};
use courant_telemetry::Clock;

use crate::articles::encoder::Encoder;
use crate::config::Config;
use crate::error::Error;
use crate::ladder::SchemaVersions;
use crate::schema;

/// The longest time that a migration may take, or wait for that of another process: a step may
/// write every article again.
const MIGRATION: Duration = Duration::from_secs(3600);

/// An open server, and its read replica if there is one.
///
/// The replica answers what gateways show: searches, articles, and the changes that their indexes
/// follow. An index that followed the server itself would find articles which the replica does not
/// have yet. Everything that decides or writes asks the server itself.
pub(crate) struct Server {
    pool: Postgres,
    replica: Option<Postgres>,
    clock: Clock,
    /// The number of articles from which the partition of the present is cut.
    pub(crate) hot_articles: u32,
    /// Known once the first vector was stored.
    pub(crate) encoder: OnceLock<Encoder>,
}

impl Server {
    /// Brings the extension and the tables up to date, and opens the pool.
    pub(crate) async fn connect(config: &Config, clock: Clock) -> Result<Self, Error> {
        Self::migrate(config).await?;
        let pool = Postgres::open(&settings(config)?).await?;
        let replica = match &config.read_url {
            Some(url) => {
                Some(Postgres::open(&Settings { url: url.clone(), ..settings(config)? }).await?)
            }
            None => None,
        };
        Ok(Self {
            pool,
            replica,
            clock,
            hot_articles: config.hot_articles,
            encoder: OnceLock::new(),
        })
    }

    /// Brings the extension and the tables up to date.
    pub(crate) async fn migrate(config: &Config) -> Result<SchemaVersions, Error> {
        let prepare = async |client: &mut _| {
            Postgres::prepare_extension(client).await?;
            schema::migrate(client, config.dimension).await
        };
        Postgres::once(&settings(config)?, MIGRATION, prepare).await
    }

    /// The version of the tables, which stay as they are.
    pub(crate) async fn schema(config: &Config) -> Result<SchemaVersions, Error> {
        let read = async |client: &mut _| schema::schema(client).await;
        Postgres::once(&settings(config)?, config.command_timeout(), read).await
    }

    /// Does `work` on a connection of the pool, within the command timeout.
    pub(crate) async fn run<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.pool.run(work).await
    }

    /// Does `work`, which only reads and need not see the last writes, on the replica if there is
    /// one.
    pub(crate) async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.replica.as_ref().unwrap_or(&self.pool).run(work).await
    }

    /// Does `work`, which sets the limits of its statements itself, within `limit`.
    pub(crate) async fn run_within<T>(
        &self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.pool.run_within(limit, work).await
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        self.pool.ping().await?;
        if let Some(replica) = &self.replica {
            replica.ping().await?;
        }
        Ok(())
    }

    /// The time, Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    pub(crate) fn close(&self) {
        self.pool.close();
        if let Some(replica) = &self.replica {
            replica.close();
        }
    }
}

fn settings(config: &Config) -> Result<Settings, Error> {
    let url = config.url.clone().ok_or_else(|| Error::Config("url is not set".into()))?;
    Ok(Settings {
        url,
        pool_min: config.pool_min,
        pool_max: config.pool_max,
        connect_timeout: config.connect_timeout(),
        command_timeout: config.command_timeout(),
        slow_statement: Duration::from_millis(config.slow_query_ms),
        prepared: config.prepared,
        ef_search: config.ef_search,
    })
}
