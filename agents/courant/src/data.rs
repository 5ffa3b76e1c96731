//! The data folder of an embedded pipeline: who holds it, and what lies in it.

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Where data goes unless `--data` says otherwise.
pub(crate) const DEFAULT: &str = "courant-data";

/// A data folder that this process alone writes to, until it is dropped.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder where it is missing, and takes hold of it.
    ///
    /// # Errors
    /// If it cannot be written to, or another process holds it.
    pub fn hold(path: &Path) -> anyhow::Result<Self> {
        let name = path.display();
        std::fs::create_dir_all(path).with_context(|| format!("cannot make the folder {name}"))?;
        let lock = File::create(path.join("lock"))
            .with_context(|| format!("cannot write to the folder {name}"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!("{name} is in use by another courant run"),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock the folder {name}"))
            }
        }
    }

    pub(crate) fn store(&self) -> PathBuf {
        store(&self.path)
    }

    pub(crate) fn heads(&self) -> PathBuf {
        heads(&self.path)
    }

    pub(crate) fn spool(&self) -> PathBuf {
        spool(&self.path)
    }

    /// Notes where the service answers over HTTP and gRPC, for the commands that ask it.
    ///
    /// # Errors
    /// If the note cannot be written.
    pub(crate) fn note_addresses(&self, http: SocketAddr, grpc: SocketAddr) -> anyhow::Result<()> {
        std::fs::write(self.path.join("address"), format!("{http}\n{grpc}\n"))
            .context("cannot write to the data folder")
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // Gone or not, a reader checks that somebody answers there.
        drop(std::fs::remove_file(self.path.join("address")));
    }
}

/// The data folder that a command reads, where it names one.
pub(crate) fn or_default(data: Option<&Path>) -> &Path {
    data.unwrap_or_else(|| Path::new(DEFAULT))
}

/// The store in a data folder.
pub(crate) fn store(path: &Path) -> PathBuf {
    path.join("courant.db")
}

/// The message spool in a data folder.
pub(crate) fn spool(path: &Path) -> PathBuf {
    path.join("spool.db")
}

/// The kept heads in a data folder.
pub(crate) fn heads(path: &Path) -> PathBuf {
    path.join("models")
}

/// The address at which the service of a data folder says that it answers over HTTP.
pub fn noted_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 0)
}

/// The same over gRPC.
pub(crate) fn noted_grpc_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 1)
}

fn noted(path: &Path, line: usize) -> Option<SocketAddr> {
    let noted = std::fs::read_to_string(path.join("address")).ok()?;
    noted.lines().nth(line)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let held = DataFolder::hold(&path).unwrap();
        let error = DataFolder::hold(&path).err().unwrap().to_string();
        assert!(error.contains("in use"), "{error}");
        let [http, grpc] = ["127.0.0.1:8080", "127.0.0.1:8081"].map(|at| at.parse().unwrap());
        held.note_addresses(http, grpc).unwrap();
        assert_eq!(noted_address(&path), Some(http));
        assert_eq!(noted_grpc_address(&path), Some(grpc));
        drop(held);
        assert_eq!((noted_address(&path), noted_grpc_address(&path)), (None, None));
        DataFolder::hold(&path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_one_clear_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataFolder::hold(&file.path().join("data")).err().unwrap();
        assert!(error.to_string().starts_with("cannot make the folder"), "{error}");
    }
}
