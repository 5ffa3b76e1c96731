//! Makes a backup, and checks it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use courant_store::{Access, Config, Store};
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use rusqlite::{Connection, OpenFlags};

use crate::copy;
use crate::error::Error;
use crate::manifest::Manifest;

/// The store in a backup.
pub(crate) const STORE: &str = "courant.db";
/// The promoted models in a backup.
pub(crate) const MODELS: &str = "models";
/// The wait while a log is moved into its file.
const BUSY: Duration = Duration::from_secs(10);
/// Folders of models in one another.
const DEEPEST: usize = 8;

/// Backs a SQLite store up into the new folder `to`, with the models in the folder `models`, if it
/// is there. A pipeline may write to the store meanwhile: the copy is the state at one moment. Blocks.
///
/// `VACUUM INTO` copies the live rows alone and holds no lock that a writer waits for. SQLite's
/// online backup would begin anew at each commit of another process, and never end under load.
///
/// # Errors
/// [`Error::Exists`], or if a file cannot be read or written. `to` is then not there; a rest of it
/// has the ending `.partial`, and the next backup removes it.
pub fn back_up_file(
    store: &Path,
    models: &Path,
    to: &Path,
    clock: &Clock,
) -> Result<Manifest, Error> {
    let unfinished = begin(to)?;
    let target = unfinished.join(STORE);
    let created_at = clock.now().to_string();
    let articles = snapshot(store, &target)
        .map_err(|source| Error::Snapshot { path: target.clone(), source })?;
    File::open(&target).and_then(|file| file.sync_all()).map_err(Error::file(&target))?;
    finish(&unfinished, models, to, Manifest::new(created_at, articles))
}

/// Backs the store on a server up into the new folder `to`, as [`back_up_file`] does a file. The
/// articles are those of one moment: changes are followed until there are no more.
///
/// The result has the form of a backup of a file, so that it can be restored to either back end.
/// `pg_dump` also sees one moment, but its dump only fits Postgres.
///
/// # Errors
/// As [`back_up_file`].
pub async fn back_up_server(
    store: &Store,
    config: &Config,
    models: &Path,
    to: &Path,
    clock: &Clock,
    meter: &Meter,
) -> Result<Manifest, Error> {
    let unfinished = begin(to)?;
    let target = unfinished.join(STORE);
    let created_at = clock.now().to_string();
    let file = Store::sqlite(&target, Access::ReadWrite, config, clock.clone(), meter).await?;
    copy::copy(store, &file, |_| ()).await?;
    let articles = file.counts().await?.articles;
    file.close().await?;
    remove_beside(&target)?;
    finish(&unfinished, models, to, Manifest::new(created_at, articles))
}

/// Compares the files of a backup with its list, and looks through its store.
///
/// # Errors
/// [`Error::Damaged`] with the first problem, or if a file cannot be read.
pub async fn check(folder: &Path, config: &Config) -> Result<Manifest, Error> {
    let path = folder.to_owned();
    let reading = tokio::task::spawn_blocking(move || Manifest::read(&path));
    let manifest = reading.await.map_err(|error| Error::damaged(folder, error))??;
    let store = folder.join(STORE);
    let found = Store::check_sqlite(&store, config).await?;
    remove_beside(&store)?;
    match found.problems.first() {
        Some(problem) => Err(Error::damaged(folder, problem)),
        None => Ok(manifest),
    }
}

/// The state at the beginning of the statement. Returns the number of its articles.
fn snapshot(from: &Path, to: &Path) -> rusqlite::Result<u64> {
    let connection = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY)?;
    connection.execute("VACUUM INTO ?1", [to.to_string_lossy()])?;
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    copy.query_row("SELECT count(*) FROM article", [], |row| row.get(0))
}

/// Makes the folder in which a backup is written until it is whole.
fn begin(to: &Path) -> Result<PathBuf, Error> {
    if to.exists() {
        return Err(Error::Exists(to.to_owned()));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    let unfinished = PathBuf::from(name);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(Error::file(&unfinished))?;
    }
    fs::create_dir_all(&unfinished).map_err(Error::file(&unfinished))?;
    Ok(unfinished)
}

fn finish(
    unfinished: &Path,
    models: &Path,
    to: &Path,
    mut manifest: Manifest,
) -> Result<Manifest, Error> {
    manifest.add(unfinished, STORE)?;
    for path in copy_tree(models, unfinished, MODELS, 0)? {
        manifest.add(unfinished, &path)?;
    }
    manifest.write(unfinished)?;
    File::open(unfinished).and_then(|folder| folder.sync_all()).map_err(Error::file(unfinished))?;
    fs::rename(unfinished, to).map_err(Error::file(to))?;
    Ok(manifest)
}

/// Copies the files below `from` to the path `at` in `to`, and returns their paths in it.
pub(crate) fn copy_tree(
    from: &Path,
    to: &Path,
    at: &str,
    depth: usize,
) -> Result<Vec<String>, Error> {
    if !from.is_dir() || depth == DEEPEST {
        return Ok(Vec::new());
    }
    let folder = to.join(at);
    fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    let mut copied = Vec::new();
    for entry in fs::read_dir(from).map_err(Error::file(from))? {
        let path = entry.map_err(Error::file(from))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let inside = format!("{at}/{name}");
        if path.is_dir() {
            copied.extend(copy_tree(&path, to, &inside, depth + 1)?);
        } else if path.is_file() {
            let target = to.join(&inside);
            fs::copy(&path, &target).map_err(Error::file(&target))?;
            copied.push(inside);
        }
    }
    Ok(copied)
}

/// Removes the files that SQLite and the lock of a store left beside it.
pub(crate) fn remove_beside(store: &Path) -> Result<(), Error> {
    let beside = ["db-wal", "db-shm", "lock"].map(|ending| store.with_extension(ending));
    for path in beside {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::File { path, source: error });
            }
            _ => {}
        }
    }
    Ok(())
}
