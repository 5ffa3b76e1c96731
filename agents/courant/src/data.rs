//! The data folder of a pipeline in one process: its lock, its files and the address of its
//! service.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::grpc;
pub use crate::grpc::Channel;

/// The file with the token of the running service.
const TOKEN: &str = "token";

/// The data folder if `--data` is not given.
pub(crate) const DEFAULT: &str = "courant-data";

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

    pub(crate) fn store(&self) -> PathBuf {
        store(&self.path)
    }

    pub(crate) fn index(&self) -> PathBuf {
        index(&self.path)
    }

    pub(crate) fn heads(&self) -> PathBuf {
        heads(&self.path)
    }

    pub(crate) fn spool(&self) -> PathBuf {
        spool(&self.path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn token(&self) -> PathBuf {
        self.path.join(TOKEN)
    }

    /// Writes the addresses of the service, HTTP and gRPC, for the commands that ask it.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(crate) fn note_addresses(&self, http: SocketAddr, grpc: SocketAddr) -> anyhow::Result<()> {
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
pub(crate) fn or_default(data: Option<&Path>) -> &Path {
    data.unwrap_or_else(|| Path::new(DEFAULT))
}

/// Returns the path of the store in a data folder.
pub(crate) fn store(path: &Path) -> PathBuf {
    path.join("courant.db")
}

/// Returns the folder of the search index in a data folder.
pub(crate) fn index(path: &Path) -> PathBuf {
    path.join("index")
}

/// Returns the path of the message spool in a data folder.
pub(crate) fn spool(path: &Path) -> PathBuf {
    path.join("spool.db")
}

/// Checks that `path` is a data folder: it holds a store or a message spool. Commands that read
/// call this first, because opening either would create it.
///
/// # Errors
/// Names the folder and the ways to go on.
pub(crate) fn check_exists(path: &Path) -> anyhow::Result<()> {
    if store(path).exists() || spool(path).exists() {
        return Ok(());
    }
    bail!(
        "there is no data folder at {}; `courant run` makes one, --data names another",
        path.display()
    )
}

/// Returns true if a folder could not be locked because it is read-only.
pub(crate) fn is_read_only(error: &anyhow::Error) -> bool {
    let kind = error.root_cause().downcast_ref().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied))
}

/// Copies the message spool into the folder `to`. The data folder must be free or read-only.
/// Returns the path of the copy. No file is there if the data folder has no spool.
///
/// # Errors
/// Fails if the spool cannot be read, or there is no room for the copy.
pub(crate) fn copy_spool(path: &Path, to: &Path) -> anyhow::Result<PathBuf> {
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
pub(crate) fn heads(path: &Path) -> PathBuf {
    path.join("models")
}

/// Returns the HTTP address that the service of a data folder wrote.
pub fn noted_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 0)
}

/// Returns the gRPC address that the service of a data folder wrote.
fn noted_grpc_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 1)
}

/// Connects to the service that holds a data folder, over gRPC; `None` if it does not answer.
///
/// # Errors
/// Fails if the address of the service is invalid.
pub async fn service_over_grpc(path: &Path) -> anyhow::Result<Option<Channel>> {
    match noted_grpc_url(path) {
        Some(url) => grpc::connect(&url).await,
        None => Ok(None),
    }
}

/// Returns the gRPC address of the service of a data folder, as a URL.
pub(crate) fn noted_grpc_url(path: &Path) -> Option<String> {
    noted_grpc_address(path).map(|address| format!("http://{address}"))
}

fn noted(path: &Path, line: usize) -> Option<SocketAddr> {
    let noted = std::fs::read_to_string(path.join("address")).ok()?;
    // The next requests are to the service of the folder, as one who may read it.
    if let Ok(token) = std::fs::read_to_string(path.join(TOKEN)) {
        courant_client::use_token(token);
    }
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
