//! Restores a backup into a data folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use courant_article::ArticleId;
use courant_retention::Deletions;
use courant_store::{Access, Config, Store};
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;

use crate::copy::{forget_last_visits, merge_tombstones};
use crate::error::Error;
use crate::folder::{MODELS, STORE, check, copy_tree, remove_beside};
use crate::manifest::Manifest;

/// The restored store until it is whole.
const UNFINISHED: &str = "restoring.db";

/// The outcome of a restore.
#[derive(Debug)]
pub struct Restored {
    /// The list of the backup.
    pub manifest: Manifest,
    /// Articles of the backup that were deleted on request since.
    pub deleted_since: u64,
    /// The former store, if there was one.
    pub replaced: Option<PathBuf>,
}

/// Restores the backup in `from` into the data folder `to`, which nobody else uses. A former store
/// is kept beside the new one, and what was deleted in it since the backup is deleted. The crawler
/// asks again for the pages of the last day before the backup: articles that were on their way then
/// are not in it. The search index is removed, and made anew at the next start.
///
/// # Errors
/// [`Error::Damaged`], or if a file cannot be read or written. The former store then stays in its
/// place.
pub async fn restore(
    from: &Path,
    to: &Path,
    config: &Config,
    clock: &Clock,
    meter: &Meter,
) -> Result<Restored, Error> {
    let manifest = check(from, config).await?;
    fs::create_dir_all(to).map_err(Error::file(to))?;
    let (former, unfinished) = (to.join(STORE), to.join(UNFINISHED));
    remove_beside(&unfinished)?;
    fs::copy(from.join(STORE), &unfinished).map_err(Error::file(&unfinished))?;
    let open = async |path: &Path| {
        Store::sqlite(path, Access::ReadWrite, config, clock.clone(), meter).await
    };
    let restored = open(&unfinished).await?;
    forget_last_visits(&restored).await?;
    let mut deleted_since = 0;
    if former.exists() {
        let store = open(&former).await?;
        deleted_since = delete_since(&store, &restored).await?;
        store.close().await?;
        store_files(&former)?;
    }
    restored.close().await?;
    remove_beside(&unfinished)?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(Error::file(&unfinished))?;
    copy_tree(&from.join(MODELS), to, MODELS, 0)?;
    let index = to.join("index");
    if index.exists() {
        fs::remove_dir_all(&index).map_err(Error::file(&index))?;
    }
    let replaced = exchange(&unfinished, &former, clock)?;
    Ok(Restored { manifest, deleted_since, replaced })
}

/// Deletes in `restored` what `former` has tombstones of. Returns the number of articles.
async fn delete_since(former: &Store, restored: &Store) -> Result<u64, Error> {
    let before = restored.counts().await?.articles;
    let gone: Vec<ArticleId> = merge_tombstones(former, restored).await?;
    Deletions::of(restored).delete(&gone).await?;
    Ok(before.saturating_sub(restored.counts().await?.articles))
}

/// Fails if the closed store left a log behind, with changes that its file lacks.
fn store_files(store: &Path) -> Result<(), Error> {
    let log = store.with_extension("db-wal");
    match fs::metadata(&log) {
        Ok(log_file) if log_file.len() > 0 => {
            Err(Error::damaged(store, format!("{} is still in use", log.display())))
        }
        _ => remove_beside(store),
    }
}

/// Puts the new store into the place of the former one in one step, so that there is always one.
fn exchange(new: &Path, former: &Path, clock: &Clock) -> Result<Option<PathBuf>, Error> {
    let kept = former
        .exists()
        .then(|| former.with_file_name(format!("{STORE}.replaced-{}", clock.unix_ms())));
    if let Some(kept) = &kept {
        fs::hard_link(former, kept).map_err(Error::file(kept))?;
    }
    fs::rename(new, former).map_err(Error::file(former))?;
    Ok(kept)
}
