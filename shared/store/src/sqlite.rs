//! The store in one SQLite file, for one process.
//!
//! One thread writes and commits in groups; readers have connections of their
//! own. The vectors lie in memory too, for the exact scan: they are loaded when
//! the file is opened and follow each commit.

mod claims;
mod listings;
mod notes;
mod read;
mod resident;
mod schema;
mod visits;
mod write;
mod writer;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use courant_article::{ArticleId, Embedding};
use courant_telemetry::Clock;
use courant_vectors::Place;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::batch::check_dimension;
use crate::query::{CANDIDATES, Terms};
use crate::record::{Found, Kin};
use crate::{
    Access, Claim, Config, Counts, Error, Fare, KnownSketch, Listing, Note, NoteKind, Record,
    Summary, Upsert, Verdict, Visit,
};
use resident::Resident;
use writer::Writer;

/// Reads at the same time; more only wait for the cores.
const MAX_READERS: usize = 4;

/// An open file.
pub(crate) struct Sqlite {
    path: PathBuf,
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
        place: Place,
    ) -> Result<Self, Error> {
        let (lock, writing) = match access {
            Access::ReadOnly => (None, None),
            Access::ReadWrite => {
                let lock = lock(path)?;
                (Some(lock), Some(schema::open_or_create(path, config.dimension)?))
            }
        };
        let reading = schema::open_for_reading(path, config.dimension)?;
        let resident = Arc::new(RwLock::new(Resident::load(&reading, config.dimension, place)?));
        Ok(Self {
            path: path.to_owned(),
            dimension: config.dimension,
            clock,
            writer: writing.map(Writer::start).transpose()?,
            idle: Mutex::new(vec![reading]),
            readers: Semaphore::new(config.pool_max.min(MAX_READERS)),
            resident,
            _lock: lock,
        })
    }

    pub(crate) async fn upsert(&self, records: &[Record]) -> Result<Vec<Upsert>, Error> {
        let prepared = write::Prepared::of(records, self.dimension)?;
        let resident = Arc::clone(&self.resident);
        self.writer()?
            .run(
                move |connection| write::upsert(connection, prepared),
                move |written: &write::Written| written.follow(&resident),
            )
            .await
            .map(|written| written.outcomes)
    }

    pub(crate) async fn claim(&self, claim: &Claim) -> Result<Verdict, Error> {
        let (claim, now_ms) = (claim.clone(), self.clock.unix_ms());
        let work = move |connection: &Connection| claims::claim(connection, &claim, now_ms);
        self.writer()?.run(work, |_| ()).await
    }

    pub(crate) async fn forget_sketches(&self, before_ms: i64, most: i64) -> Result<(), Error> {
        let work =
            move |connection: &Connection| claims::forget_sketches(connection, before_ms, most);
        self.writer()?.run(work, |()| ()).await
    }

    pub(crate) async fn sketches(
        self: &Arc<Self>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<KnownSketch>, Error> {
        self.read(move |connection| claims::sketches(connection, after, limit)).await
    }

    pub(crate) async fn record_listing(&self, listing: &Listing) -> Result<(), Error> {
        let listing = listing.clone();
        self.writer()?.run(move |connection| listings::record(connection, &listing), |()| ()).await
    }

    pub(crate) async fn record_notes(&self, notes: &[Note]) -> Result<(), Error> {
        let notes = notes.to_vec();
        self.writer()?.run(move |connection| notes::record(connection, &notes), |()| ()).await
    }

    pub(crate) async fn forget_notes(&self, before_ms: i64) -> Result<(), Error> {
        self.writer()?.run(move |connection| notes::forget(connection, before_ms), |()| ()).await
    }

    pub(crate) async fn record_visits(&self, visits: &[Visit]) -> Result<(), Error> {
        let visits = visits.to_vec();
        self.writer()?.run(move |connection| visits::record(connection, &visits), |_| ()).await
    }

    pub(crate) async fn article(self: &Arc<Self>, id: ArticleId) -> Result<Option<Record>, Error> {
        self.read(move |connection| read::article(connection, id)).await
    }

    pub(crate) async fn articles(
        self: &Arc<Self>,
        after: Option<ArticleId>,
        limit: usize,
    ) -> Result<Vec<Summary>, Error> {
        self.read(move |connection| read::articles(connection, after, limit)).await
    }

    pub(crate) async fn matching(self: &Arc<Self>, terms: &Terms) -> Result<Vec<ArticleId>, Error> {
        let terms = terms.clone();
        self.read(move |connection| read::matching(connection, &terms)).await
    }

    /// The nearest articles with their cosines.
    pub(crate) async fn nearest(
        self: &Arc<Self>,
        vector: &Embedding,
    ) -> Result<Vec<(ArticleId, f32)>, Error> {
        check_dimension(vector.dimension(), self.dimension)?;
        let (this, vector) = (Arc::clone(self), vector.clone());
        let _permit = self.readers.acquire().await.map_err(|_| Error::Closed)?;
        blocking(move || {
            let resident = this.resident.read().unwrap_or_else(PoisonError::into_inner);
            resident.nearest(vector.as_slice(), CANDIDATES)
        })
        .await
    }

    pub(crate) async fn found(self: &Arc<Self>, ids: Vec<ArticleId>) -> Result<Vec<Found>, Error> {
        self.read(move |connection| read::found(connection, &ids)).await
    }

    pub(crate) async fn kin(self: &Arc<Self>, ids: Vec<ArticleId>) -> Result<Vec<Kin>, Error> {
        self.read(move |connection| read::kin(connection, &ids)).await
    }

    pub(crate) async fn known(self: &Arc<Self>, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let ids = ids.to_vec();
        self.read(move |connection| claims::known(connection, &ids)).await
    }

    pub(crate) async fn listing(self: &Arc<Self>, url: &str) -> Result<Option<Listing>, Error> {
        let url = url.to_owned();
        self.read(move |connection| listings::listing(connection, &url)).await
    }

    pub(crate) async fn listings(
        self: &Arc<Self>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Listing>, Error> {
        let after = after.to_owned();
        self.read(move |connection| listings::listings(connection, &after, limit)).await
    }

    pub(crate) async fn listings_fare(self: &Arc<Self>, limit: i64) -> Result<Fare, Error> {
        self.read(move |connection| listings::fare(connection, limit)).await
    }

    pub(crate) async fn note(
        self: &Arc<Self>,
        kind: NoteKind,
        name: &str,
    ) -> Result<Option<Note>, Error> {
        let name = name.to_owned();
        self.read(move |connection| notes::note(connection, kind, &name)).await
    }

    pub(crate) async fn notes(
        self: &Arc<Self>,
        kind: NoteKind,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Note>, Error> {
        let after = after.map(str::to_owned);
        self.read(move |connection| notes::notes(connection, kind, after.as_deref(), limit)).await
    }

    pub(crate) async fn visit(self: &Arc<Self>, url: &str) -> Result<Option<Visit>, Error> {
        let url = url.to_owned();
        self.read(move |connection| visits::visit(connection, &url)).await
    }

    pub(crate) async fn counts(self: &Arc<Self>) -> Result<Counts, Error> {
        self.read(read::counts).await
    }

    /// Whether it can be read and, where it was opened for that, written.
    pub(crate) async fn ping(self: &Arc<Self>) -> Result<(), Error> {
        if let Some(writer) = &self.writer {
            writer.run(|_| Ok(()), |()| ()).await?;
        }
        self.read(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?)).await
    }

    /// Commits what waits, moves the log into the file, and refuses what comes.
    pub(crate) async fn close(self: Arc<Self>) -> Result<(), Error> {
        self.readers.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        blocking(move || self.writer.as_ref().map_or(Ok(()), Writer::stop)).await
    }

    fn writer(&self) -> Result<&Writer, Error> {
        self.writer.as_ref().ok_or(Error::ReadOnly)
    }

    async fn read<T: Send + 'static>(
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

#[cfg(test)]
mod tests;
