//! One SQLite file, for one process: connections, the writer and the vectors in memory.
//! The operations stand with the handles.
//!
//! One thread writes and commits in groups; readers have connections of their
//! own. Codes of the vectors lie in memory, for the scan that finds candidates: they
//! are loaded when the file is opened and follow each commit.

pub(crate) mod check;
mod schema;
pub(crate) mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use courant_file_vectors::Resident;
use courant_host::FileIdentity;
use courant_telemetry::Clock;
use courant_vectors::ScanPlacement;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::error::Error;
use crate::ladder::SchemaVersions;
use check::StoreRepair;
use writer::Writer;

/// Reads at the same time; more only wait for the cores.
const MAX_READERS: usize = 4;

/// The access with which a SQLite store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The access of the one process that writes. The file is created if it does not exist.
    ReadWrite,
    /// Read-only access, with or without a writing process. Text searches are up to date.
    /// Vector searches find the articles that were stored when the file was opened.
    ReadOnly,
}

/// An open file.
pub(crate) struct Sqlite {
    path: PathBuf,
    file: FileIdentity,
    dimension: usize,
    clock: Clock,
    /// `None` where the file was opened for reading.
    writer: Option<Writer>,
    idle: Mutex<Vec<Connection>>,
    readers: Semaphore,
    resident: Arc<RwLock<Resident>>,
    /// Keeps other writing processes out; the system drops it with the process.
    /// The last field, so that it goes after the writer.
    _lock: Option<File>,
}

impl Sqlite {
    pub(crate) fn open(
        path: &Path,
        access: Access,
        config: &Config,
        clock: Clock,
        place: Option<ScanPlacement>,
    ) -> Result<Self, Error> {
        let (lock, writing) = match access {
            Access::ReadOnly => (None, None),
            Access::ReadWrite => {
                let lock = lock(path)?;
                (Some(lock), Some(schema::open_or_create(path, config.dimension)?))
            }
        };
        let reading = schema::open_for_reading(path, config.dimension)?;
        let resident = Resident::load(&reading, config.dimension, place)?;
        if let Some(writing) = &writing {
            resident.save_settings(writing)?;
        }
        let gone = |_| Error::Gone(path.to_owned());
        Ok(Self {
            path: path.to_owned(),
            file: FileIdentity::of(path).map_err(gone)?,
            dimension: config.dimension,
            clock,
            writer: writing.map(Writer::start).transpose()?,
            idle: Mutex::new(vec![reading]),
            readers: Semaphore::new(config.pool_max.min(MAX_READERS)),
            resident: Arc::new(RwLock::new(resident)),
            _lock: lock,
        })
    }

    /// The version of the tables, which stay as they are.
    pub(crate) fn schema(path: &Path) -> Result<SchemaVersions, Error> {
        schema::schema_of(path)
    }

    /// Brings the tables of a file that is there up to date.
    pub(crate) fn migrate(path: &Path, dimension: usize) -> Result<SchemaVersions, Error> {
        if !path.exists() {
            return Err(Error::Missing(path.to_owned()));
        }
        let _lock = lock(path)?;
        let found = schema::schema_of(path)?;
        schema::open_or_create(path, dimension)?;
        Ok(found)
    }

    /// Saves what can be read of a damaged file.
    pub(crate) fn repair(path: &Path, dimension: usize) -> Result<StoreRepair, Error> {
        if !path.exists() {
            return Err(Error::Missing(path.to_owned()));
        }
        let _lock = lock(path)?;
        check::repair(path, dimension)
    }

    /// Does `work` in a transaction of the writer's thread.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer()?.run(work, |_| ()).await
    }

    /// The same for articles: once the transaction is on the disk, `follow` brings the
    /// vectors in memory in step with the file.
    pub(crate) async fn write_vectors<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        follow: impl FnOnce(&T, &mut Resident) + Send + 'static,
    ) -> Result<T, Error> {
        let resident = Arc::clone(&self.resident);
        let committed = move |written: &T| {
            follow(written, &mut resident.write().unwrap_or_else(PoisonError::into_inner));
        };
        self.writer()?.run(work, committed).await
    }

    /// Compares with the vectors in memory, and reads on a connection of its own.
    pub(crate) async fn scan<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection, &Resident) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let resident = Arc::clone(&self.resident);
        self.read(move |connection| {
            work(connection, &resident.read().unwrap_or_else(PoisonError::into_inner))
        })
        .await
    }

    /// Reads on a connection of its own.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _permit = self.readers.acquire().await.map_err(|_| Error::Closed)?;
        let this = Arc::clone(self);
        blocking(move || {
            let connection = this.reader()?;
            let result = work(&connection);
            if !this.readers.is_closed() {
                this.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            result
        })
        .await
    }

    /// Checks that it can be read and, where it was opened for that, written.
    pub(crate) async fn ping(self: &Arc<Self>) -> Result<(), Error> {
        if self.writer.is_some() {
            self.write(|_| Ok(())).await?;
        }
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    /// The time, Unix milliseconds.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    /// Commits what waits, moves the log into the file, and refuses what comes.
    pub(crate) async fn close(self: Arc<Self>) -> Result<(), Error> {
        self.readers.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        blocking(move || self.writer.as_ref().map_or(Ok(()), Writer::stop)).await
    }

    fn writer(&self) -> Result<&Writer, Error> {
        if !self.file.is_there() {
            return Err(Error::Gone(self.path.clone()));
        }
        self.writer.as_ref().ok_or(Error::ReadOnly)
    }

    fn reader(&self) -> Result<Connection, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| schema::open_for_reading(&self.path, self.dimension), Ok)
    }
}

/// Runs what waits for the disk or takes long on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Closed),
    }
}

/// Takes the lock beside the file: an advisory lock on the file itself would
/// meet SQLite's own.
fn lock(path: &Path) -> Result<File, Error> {
    let beside = path.with_extension("lock");
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::StorageFull => Error::DiskFull,
        _ => Error::Open { path: beside.clone(), source: Arc::new(source) },
    };
    let options = File::options().create(true).truncate(false).write(true).open(&beside);
    let file = options.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(source)),
    }
}
