//! The store: how it is opened, checked and migrated, and its handles.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use courant_telemetry::Clock;
use courant_vectors::ScanPlacement;
use opentelemetry::metrics::Meter;

use crate::articles::Articles;
use crate::claims::Claims;
use crate::config::Config;
use crate::counts::{self, StoreCounts};
use crate::crawl::Crawl;
use crate::database::{Backend, Database};
use crate::error::Error;
use crate::ladder::SchemaVersions;
use crate::server::Server;
use crate::sqlite::check::{self, StoreCheck, StoreRepair};
use crate::sqlite::{Access, Sqlite, blocking};
use crate::tables::Tables;

/// A store. Clones share one pool or file.
///
/// Every write is atomic and idempotent, and is on the disk when the call returns.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
}

impl Store {
    /// Connects to the Postgres server at `config.url`, and brings its tables up
    /// to date.
    ///
    /// # Errors
    /// [`Error::Unreachable`] within the connect timeout, [`Error::Pgvector`] if
    /// the extension is absent or older than 0.8.4, [`Error::StoredDimension`],
    /// [`Error::Newer`], or [`Error::Config`].
    pub async fn postgres(config: &Config, clock: Clock, meter: &Meter) -> Result<Self, Error> {
        config.validate()?;
        let server = Box::pin(Server::connect(config, clock)).await?;
        Ok(Self::new(Backend::Postgres(Arc::new(server)), config, meter))
    }

    /// Opens the SQLite file at `path`. Opening it for writing brings its tables up to date.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is nothing to read, [`Error::InUse`] if
    /// another process writes, [`Error::Foreign`], [`Error::Corrupt`],
    /// [`Error::Newer`], [`Error::Older`], [`Error::StoredDimension`], [`Error::DiskFull`],
    /// [`Error::Open`], or [`Error::Config`].
    pub async fn sqlite(
        path: &Path,
        access: Access,
        config: &Config,
        clock: Clock,
        meter: &Meter,
    ) -> Result<Self, Error> {
        Self::sqlite_at(path, access, config, clock, meter, None).await
    }

    /// Opens the SQLite file at `path`. `place` puts its vectors where they are compared exactly,
    /// such as a GPU, and keeps all of them in memory. Without it, and by [`Self::sqlite`], the
    /// CPU compares one bit per value, and reads the values of the best candidates from the file.
    ///
    /// # Errors
    /// Those of [`Self::sqlite`], and [`Error::Place`] if the device cannot hold the vectors.
    pub async fn sqlite_at(
        path: &Path,
        access: Access,
        config: &Config,
        clock: Clock,
        meter: &Meter,
        place: Option<ScanPlacement>,
    ) -> Result<Self, Error> {
        config.validate()?;
        let (path, owned) = (path.to_owned(), config.clone());
        let sqlite = blocking(move || Sqlite::open(&path, access, &owned, clock, place)).await?;
        Ok(Self::new(Backend::Sqlite(Arc::new(sqlite)), config, meter))
    }

    fn new(backend: Backend, config: &Config, meter: &Meter) -> Self {
        Self { database: Arc::new(Database::new(backend, config, meter)) }
    }

    /// Reads the schema version of the database at `config.url`. Changes nothing.
    ///
    /// # Errors
    /// [`Error::Unreachable`] or [`Error::Config`].
    pub async fn postgres_schema(config: &Config) -> Result<SchemaVersions, Error> {
        config.validate()?;
        Box::pin(Server::schema(config)).await
    }

    /// Brings the tables of the database at `config.url` up to date, and returns the version
    /// before.
    ///
    /// # Errors
    /// As [`Self::postgres`].
    pub async fn migrate_postgres(config: &Config) -> Result<SchemaVersions, Error> {
        config.validate()?;
        Box::pin(Server::migrate(config)).await
    }

    /// Reads the schema version of the SQLite file at `path`; changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Foreign`], [`Error::Corrupt`] or [`Error::Open`].
    pub async fn sqlite_schema(path: &Path) -> Result<SchemaVersions, Error> {
        let path = path.to_owned();
        blocking(move || Sqlite::schema(&path)).await
    }

    /// Brings the tables of the SQLite file at `path` up to date, and returns the version
    /// before.
    ///
    /// # Errors
    /// As [`Self::sqlite`]; [`Error::Missing`] if there is no file.
    pub async fn migrate_sqlite(path: &Path, config: &Config) -> Result<SchemaVersions, Error> {
        config.validate()?;
        let (path, dimension) = (path.to_owned(), config.dimension);
        blocking(move || Sqlite::migrate(&path, dimension)).await
    }

    /// Checks every page of the SQLite file at `path`. A process may write to it meanwhile.
    ///
    /// # Errors
    /// Those of [`Self::sqlite`], if the file cannot be opened.
    pub async fn check_sqlite(path: &Path, config: &Config) -> Result<StoreCheck, Error> {
        config.validate()?;
        let (path, dimension) = (path.to_owned(), config.dimension);
        blocking(move || check::check(&path, dimension)).await
    }

    /// Replaces the SQLite file at `path` by a new one that holds everything that can be read.
    /// The damaged file is kept beside it.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::InUse`], or an error if the new file cannot be written. The
    /// old file then stays in its place.
    pub async fn repair_sqlite(path: &Path, config: &Config) -> Result<StoreRepair, Error> {
        config.validate()?;
        let (path, dimension) = (path.to_owned(), config.dimension);
        blocking(move || Sqlite::repair(&path, dimension)).await
    }

    /// Returns the handle of the stored articles.
    pub fn articles(&self) -> Articles {
        Articles::of(&self.database)
    }

    /// Returns the handle of the duplicate index.
    pub fn claims(&self) -> Claims {
        Claims::of(&self.database)
    }

    /// Returns the handle of the crawler's state.
    pub fn crawl(&self) -> Crawl {
        Crawl::of(&self.database)
    }

    /// Returns the tables, for the crates that keep them.
    pub fn tables(&self) -> Tables {
        Tables::of(&self.database)
    }

    /// Returns the time after a deletion in which nothing of the article is left in the files.
    pub fn erase_after(&self) -> Duration {
        self.database.erase_after
    }

    /// Counts the stored items.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn counts(&self) -> Result<StoreCounts, Error> {
        let on_server = async |client: &mut _| counts::in_postgres(client).await;
        self.database.read("counts", counts::in_sqlite, on_server).await
    }

    /// Checks that the store answers and, if it was opened for writing, that it can write.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn ping(&self) -> Result<(), Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => file.ping().await,
                Backend::Postgres(server) => server.ping().await,
            }
        };
        self.database.timed("ping", work).await
    }

    /// Finishes the operations in progress and closes the store. Clones and handles get
    /// [`Error::Closed`] from then on.
    ///
    /// # Errors
    /// If a waiting operation could not be finished.
    pub async fn close(self) -> Result<(), Error> {
        match &self.database.backend {
            Backend::Sqlite(sqlite) => Arc::clone(sqlite).close().await,
            Backend::Postgres(server) => {
                server.close();
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.database.backend {
            Backend::Sqlite(_) => "Store(SQLite)",
            Backend::Postgres(_) => "Store(Postgres)",
        })
    }
}

#[cfg(test)]
mod tests;
