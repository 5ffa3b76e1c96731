//! A folder that stores versions of heads, and records which of them is in use.
//!
//! ```text
//! FOLDER/news-sentiment/486a7ac959cb.head   a version: written once, never changed
//! FOLDER/news-sentiment/rollout.json        which is in use, which was before, and why
//! ```
//!
//! Files are written under another name and then renamed, so that a reader sees the old or the
//! new file. A writer holds `FOLDER/lock`. A reader needs no lock.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

mod error;
mod rollout;

pub use error::RegistryError;
pub use rollout::{ChangeKind, HeadComparison, HeadRelease, Rollout, RolloutChange};

use crate::file::sha256;
use crate::{Head, HeadTask};

const ROLLOUT: &str = "rollout.json";
const EXTENSION: &str = "head";

/// A folder of heads.
#[derive(Clone, Debug)]
pub struct Registry {
    folder: PathBuf,
}

impl Registry {
    /// Returns the registry in `folder`, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the path of a version's file, which need not exist.
    pub fn path(&self, task: HeadTask, version: &str) -> PathBuf {
        self.folder.join(task.head_name()).join(version).with_extension(EXTENSION)
    }

    /// Returns the stored versions, sorted by name.
    ///
    /// # Errors
    /// [`RegistryError::File`].
    pub fn versions(&self, task: HeadTask) -> Result<Vec<String>, RegistryError> {
        let folder = self.folder.join(task.head_name());
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(RegistryError::File { path: folder, source }),
        };
        let mut versions = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| file_error(&folder, source))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|s| is_version(s));
            if let (Some(stem), true) = (stem, path.extension().is_some_and(|e| e == EXTENSION)) {
                versions.push(stem.to_owned());
            }
        }
        versions.sort();
        Ok(versions)
    }

    /// Stores a head. A stored version stays as it is.
    ///
    /// # Errors
    /// [`RegistryError::Corrupt`] where its version is kept with other content, or
    /// [`RegistryError::File`].
    pub fn keep(&self, head: &Head) -> Result<PathBuf, RegistryError> {
        let path = self.path(head.task(), &head.version());
        let bytes = head.to_bytes();
        let _held = self.hold(head.task())?;
        match fs::read(&path) {
            Ok(kept) if kept == bytes => return Ok(path),
            Ok(_) => {
                let reason = "it is not what was trained now, and a version never changes".into();
                return Err(RegistryError::Corrupt { path, reason });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => return Err(RegistryError::File { path, source }),
        }
        replace(&path, &bytes)?;
        Ok(path)
    }

    /// A head by its version.
    ///
    /// # Errors
    /// [`RegistryError::NoVersion`], [`RegistryError::Head`], or
    /// [`RegistryError::Corrupt`] where the file holds another one.
    pub fn read(&self, task: HeadTask, version: &str) -> Result<Head, RegistryError> {
        let path = self.path(task, version);
        let bytes = match fs::read(&path) {
            Ok(bytes) if is_version(version) => bytes,
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(file_error(&path, error));
            }
            _ => return Err(self.no_version(task, version)?),
        };
        let head = Head::read(&bytes);
        let head = head.map_err(|source| RegistryError::Head { path: path.clone(), source })?;
        if head.task() == task && head.version() == version {
            return Ok(head);
        }
        Err(RegistryError::Corrupt { path, reason: format!("it holds {head}") })
    }

    fn no_version(&self, task: HeadTask, version: &str) -> Result<RegistryError, RegistryError> {
        let known = self.versions(task)?;
        let known = if known.is_empty() {
            format!("none is kept in {}", self.folder.display())
        } else {
            format!("kept are {}", known.join(", "))
        };
        Ok(RegistryError::NoVersion { name: task.head_name(), version: version.to_owned(), known })
    }

    /// Returns which head is in use, and the changes that led there.
    ///
    /// # Errors
    /// [`RegistryError::Corrupt`] or [`RegistryError::File`].
    pub fn rollout(&self, task: HeadTask) -> Result<Rollout, RegistryError> {
        let path = self.rollout_path(task);
        let json = match fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Rollout::default()),
            Err(source) => return Err(RegistryError::File { path, source }),
        };
        serde_json::from_slice(&json)
            .map_err(|error| RegistryError::Corrupt { path, reason: error.to_string() })
    }

    /// Returns the promoted head. `None` if the built-in head is in use.
    ///
    /// # Errors
    /// [`RegistryError`] if its file is not valid. No other head is used in its place.
    pub fn promoted(&self, task: HeadTask) -> Result<Option<Head>, RegistryError> {
        let Some(release) = self.rollout(task)?.current else { return Ok(None) };
        let path = self.path(task, &release.version);
        let bytes = fs::read(&path).map_err(|source| file_error(&path, source))?;
        let found = sha256(&bytes);
        if found != release.sha256 {
            let reason = format!("its SHA-256 is {found}, expected is {}", release.sha256);
            return Err(RegistryError::Corrupt { path, reason });
        }
        self.read(task, &release.version).map(Some)
    }

    /// Promotes a stored version. `judged`: its comparison with the head in use. `force`: true
    /// to promote it even if it is worse.
    ///
    /// # Errors
    /// [`RegistryError::Worse`] and [`RegistryError::InUse`]: nothing is changed. Other errors
    /// say what is wrong with the version's file, or with the registry's.
    pub fn promote(
        &self,
        task: HeadTask,
        version: &str,
        judged: Option<HeadComparison>,
        force: bool,
        at_ms: i64,
    ) -> Result<Rollout, RegistryError> {
        let head = self.read(task, version)?;
        let _held = self.hold(task)?;
        let mut rollout = self.rollout(task)?;
        if rollout.current.as_ref().is_some_and(|current| current.version == version) {
            let version = version.to_owned();
            return Err(RegistryError::InUse { name: task.head_name(), version });
        }
        if let Some(judged) = judged.as_ref().filter(|judged| judged.is_worse() && !force) {
            return Err(judged.refused(rollout.current_version()));
        }
        let path = self.path(task, version);
        let bytes = fs::read(&path).map_err(|source| file_error(&path, source))?;
        let release = HeadRelease { version: version.to_owned(), sha256: sha256(&bytes) };
        rollout.promote(release, head.scores(), judged, force, at_ms);
        self.write(task, &rollout)?;
        Ok(rollout)
    }

    /// Returns to the version before the one in use.
    ///
    /// # Errors
    /// [`RegistryError::NothingBefore`], or what is wrong with that version's file:
    /// nothing is changed.
    pub fn roll_back(&self, task: HeadTask, at_ms: i64) -> Result<Rollout, RegistryError> {
        if self.rollout(task)?.changes.is_empty() {
            return Err(RegistryError::NothingBefore(task.head_name()));
        }
        let _held = self.hold(task)?;
        let mut rollout = self.rollout(task)?;
        if let Some(previous) = &rollout.previous {
            self.read(task, &previous.version)?;
        }
        rollout.roll_back(at_ms);
        self.write(task, &rollout)?;
        Ok(rollout)
    }

    fn write(&self, task: HeadTask, rollout: &Rollout) -> Result<(), RegistryError> {
        let json = serde_json::to_vec_pretty(rollout);
        let json = json.expect("names, numbers and strings make JSON");
        replace(&self.rollout_path(task), &json)
    }

    fn rollout_path(&self, task: HeadTask) -> PathBuf {
        self.folder.join(task.head_name()).join(ROLLOUT)
    }

    /// Makes the folders and waits until nobody else writes; until it is dropped,
    /// nobody else does.
    fn hold(&self, task: HeadTask) -> Result<File, RegistryError> {
        let own = self.folder.join(task.head_name());
        fs::create_dir_all(&own).map_err(|source| file_error(&own, source))?;
        let path = self.folder.join("lock");
        let lock = File::create(&path).and_then(|lock| lock.lock().map(|()| lock));
        lock.map_err(|source| file_error(&path, source))
    }
}

fn file_error(path: &Path, source: io::Error) -> RegistryError {
    RegistryError::File { path: path.to_owned(), source }
}

/// As heads number themselves: nothing that leads out of the folder.
fn is_version(version: &str) -> bool {
    version.len() == 12 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes a file as a whole, and so that it survives a loss of power.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let aside = path.with_extension("new");
    let write = || {
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    write().map_err(|source| file_error(path, source))
}

#[cfg(test)]
mod tests;
