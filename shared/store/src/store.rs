//! The handle of a store: how it is opened, and the handles that it gives.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use courant_telemetry::Clock;
use courant_vectors::{Place, on_cpu};
use opentelemetry::metrics::Meter;

use crate::articles::Articles;
use crate::claims::Claims;
use crate::config::Config;
use crate::counts::{self, Counts};
use crate::crawl::Crawl;
use crate::database::{Backend, Database};
use crate::error::Error;
use crate::ladder::Schema;
use crate::postgres::Postgres;
use crate::sqlite::check::{self, StoreCheck, StoreRepair};
use crate::sqlite::{Access, Sqlite, blocking};

/// A store. Clones share one pool or file.
///
/// Every write is atomic, idempotent, and on the disk when the call returns.
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
        let postgres = Box::pin(Postgres::connect(config, clock)).await?;
        Ok(Self::new(Backend::Postgres(Arc::new(postgres)), config, meter))
    }

    /// Opens the SQLite file at `path`, and brings its tables up to date where it is
    /// opened for writing.
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
        Self::sqlite_at(path, access, config, clock, meter, on_cpu()).await
    }

    /// Opens the SQLite file at `path`, whose vectors are compared where `place` puts
    /// them; [`Self::sqlite`] compares them on the CPU.
    ///
    /// # Errors
    /// Those of [`Self::sqlite`], and [`Error::Place`] if the vectors cannot be there.
    pub async fn sqlite_at(
        path: &Path,
        access: Access,
        config: &Config,
        clock: Clock,
        meter: &Meter,
        place: Place,
    ) -> Result<Self, Error> {
        config.validate()?;
        let (path, owned) = (path.to_owned(), config.clone());
        let sqlite = blocking(move || Sqlite::open(&path, access, &owned, clock, place)).await?;
        Ok(Self::new(Backend::Sqlite(Arc::new(sqlite)), config, meter))
    }

    fn new(backend: Backend, config: &Config, meter: &Meter) -> Self {
        Self { database: Arc::new(Database::new(backend, config, meter)) }
    }

    /// Reads the schema version of the Postgres server at `config.url`; changes nothing.
    ///
    /// # Errors
    /// [`Error::Unreachable`] or [`Error::Config`].
    pub async fn postgres_schema(config: &Config) -> Result<Schema, Error> {
        config.validate()?;
        Box::pin(Postgres::schema(config)).await
    }

    /// Brings the tables of the Postgres server at `config.url` up to date, and returns
    /// the version that was found.
    ///
    /// # Errors
    /// As [`Self::postgres`].
    pub async fn migrate_postgres(config: &Config) -> Result<Schema, Error> {
        config.validate()?;
        Box::pin(Postgres::migrate(config)).await
    }

    /// Reads the schema version of the SQLite file at `path`; changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Foreign`], [`Error::Corrupt`] or [`Error::Open`].
    pub async fn sqlite_schema(path: &Path) -> Result<Schema, Error> {
        let path = path.to_owned();
        blocking(move || Sqlite::schema(&path)).await
    }

    /// Brings the tables of the SQLite file at `path` up to date, and returns the
    /// version that was found.
    ///
    /// # Errors
    /// As [`Self::sqlite`]; [`Error::Missing`] if there is no file.
    pub async fn migrate_sqlite(path: &Path, config: &Config) -> Result<Schema, Error> {
        config.validate()?;
        let (path, dimension) = (path.to_owned(), config.dimension);
        blocking(move || Sqlite::migrate(&path, dimension)).await
    }

    /// Looks through the SQLite file at `path`, also while a process writes to it.
    ///
    /// # Errors
    /// Those of [`Self::sqlite`], where the file cannot even be looked at.
    pub async fn check_sqlite(path: &Path, config: &Config) -> Result<StoreCheck, Error> {
        config.validate()?;
        let (path, dimension) = (path.to_owned(), config.dimension);
        blocking(move || check::check(&path, dimension)).await
    }

    /// Saves what can be read of the SQLite file at `path` into a new one in its place. The
    /// damaged file is kept beside it.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::InUse`], or why the new file cannot be written: then the
    /// old one stays where it is.
    pub async fn repair_sqlite(path: &Path, config: &Config) -> Result<StoreRepair, Error> {
        config.validate()?;
        let (path, dimension) = (path.to_owned(), config.dimension);
        blocking(move || Sqlite::repair(&path, dimension)).await
    }

    /// The stored articles: upserts, reads, search.
    pub fn articles(&self) -> Articles {
        Articles::of(&self.database)
    }

    /// The duplicate index.
    pub fn claims(&self) -> Claims {
        Claims::of(&self.database)
    }

    /// The crawler's memory and timetable.
    pub fn crawl(&self) -> Crawl {
        Crawl::of(&self.database)
    }

    /// Counts what is stored.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn counts(&self) -> Result<Counts, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => file.read(counts::in_sqlite).await,
                Backend::Postgres(server) => {
                    server.run(async |client| counts::in_postgres(client).await).await
                }
            }
        };
        self.database.timed("counts", work).await
    }

    /// Checks that the store answers and, where it was opened for that, can write.
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

    /// Finishes what has begun. Other clones, and the handles of this one, get
    /// [`Error::Closed`] from then on.
    ///
    /// # Errors
    /// If what waited could not be finished.
    pub async fn close(self) -> Result<(), Error> {
        match &self.database.backend {
            Backend::Sqlite(sqlite) => Arc::clone(sqlite).close().await,
            Backend::Postgres(postgres) => {
                postgres.close();
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
