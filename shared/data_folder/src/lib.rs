//! The data folder of a pipeline in one process: its lock, its files and the address of its
//! service.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The file with the token of the running service.
const TOKEN: &str = "token";

/// The data folder if `--data` is not given.
pub const DEFAULT: &str = "courant-data";

/// A data folder that only this process writes to, until this is dropped.
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates the folder if it is missing, and locks it.
    ///
    /// # Errors
    /// Fails if the folder cannot be written to, or another process holds it.
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

    /// Returns the path of the store.
    pub fn store(&self) -> PathBuf {
        store(&self.path)
    }

    /// Returns the folder of the search index.
    pub fn index(&self) -> PathBuf {
        index(&self.path)
    }

    /// Returns the folder of the promoted models.
    pub fn heads(&self) -> PathBuf {
        heads(&self.path)
    }

    /// Returns the path of the message spool.
    pub fn spool(&self) -> PathBuf {
        spool(&self.path)
    }

    /// Returns the path of the folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the path of the token of the running service.
    pub fn token(&self) -> PathBuf {
        self.path.join(TOKEN)
    }

    /// Writes the addresses of the service, HTTP and gRPC, for the commands that ask it.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn note_addresses(&self, http: SocketAddr, grpc: SocketAddr) -> anyhow::Result<()> {
        std::fs::write(self.path.join("address"), format!("{http}\n{grpc}\n"))
            .context("cannot write to the data folder")
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        // The file may stay if this fails, because a reader checks that a service answers.
        drop(std::fs::remove_file(self.path.join("address")));
        drop(std::fs::remove_file(self.token()));
    }
}

/// Returns the data folder that was named, else the default one.
pub fn or_default(data: Option<&Path>) -> &Path {
    data.unwrap_or_else(|| Path::new(DEFAULT))
}

/// Returns the path of the store in a data folder.
pub fn store(path: &Path) -> PathBuf {
    path.join("courant.db")
}

/// Returns the folder of the search index in a data folder.
pub fn index(path: &Path) -> PathBuf {
    path.join("index")
}

/// Returns the path of the message spool in a data folder.
pub fn spool(path: &Path) -> PathBuf {
    path.join("spool.db")
}

/// Checks that `path` is a data folder: it holds a store or a message spool. Commands that read
/// call this first, because opening either would create it.
///
/// # Errors
/// Names the folder and the ways to go on.
pub fn check_exists(path: &Path) -> anyhow::Result<()> {
    if store(path).exists() || spool(path).exists() {
        return Ok(());
    }
    bail!(
        "there is no data folder at {}; `courant run` makes one, --data names another",
        path.display()
    )
}

/// Returns true if a folder could not be locked because it is read-only.
pub fn is_read_only(error: &anyhow::Error) -> bool {
    let kind = error.root_cause().downcast_ref().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied))
}

/// Copies the message spool into the folder `to`. The data folder must be free or read-only.
/// Returns the path of the copy. No file is there if the data folder has no spool.
///
/// # Errors
/// Fails if the spool cannot be read, or there is no room for the copy.
pub fn copy_spool(path: &Path, to: &Path) -> anyhow::Result<PathBuf> {
    for end in ["", "-wal"] {
        let name = format!("spool.db{end}");
        match std::fs::copy(path.join(&name), to.join(&name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            copied => drop(copied.with_context(|| format!("cannot copy {name}"))?),
        }
    }
    Ok(spool(to))
}

/// Returns the folder of the kept heads in a data folder.
pub fn heads(path: &Path) -> PathBuf {
    path.join("models")
}

/// Returns the HTTP address that the service of a data folder wrote.
pub fn noted_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 0)
}

/// Returns the gRPC address that the service of a data folder wrote.
pub fn noted_grpc_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 1)
}

/// Returns the token that the service of a data folder wrote.
pub fn noted_token(path: &Path) -> Option<String> {
    std::fs::read_to_string(path.join(TOKEN)).ok()
}

fn noted(path: &Path, line: usize) -> Option<SocketAddr> {
    let noted = std::fs::read_to_string(path.join("address")).ok()?;
    noted.lines().nth(line)?.parse().ok().map(reachable)
}

/// Replaces the address of a service that listens on all addresses by that of loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
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
    fn a_folder_without_store_and_spool_is_no_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let error = check_exists(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("there is no data folder at "), "{error}");
        std::fs::write(spool(folder.path()), "").unwrap();
        check_exists(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_one_clear_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataFolder::hold(&file.path().join("data")).err().unwrap();
        assert!(error.to_string().starts_with("cannot make the folder"), "{error}");
    }
}
