//! The data folder of an embedded pipeline: who holds it, and what lies in it.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tonic::transport::{Channel, Endpoint};

/// The data folder if `--data` is not given.
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

/// Returns true if a folder is not held because nobody may write to it.
pub(crate) fn is_read_only(error: &anyhow::Error) -> bool {
    let kind = error.root_cause().downcast_ref().map(io::Error::kind);
    matches!(kind, Some(ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied))
}

/// Copies the message spool of a folder that nobody holds, or that cannot be written to, into
/// the folder `to`. Returns the copy's path, at which there is nothing where there is no spool.
///
/// # Errors
/// If it cannot be read, or there is no room for it.
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

/// The kept heads in a data folder.
pub(crate) fn heads(path: &Path) -> PathBuf {
    path.join("models")
}

/// The address at which the service of a data folder says that it answers over HTTP.
pub fn noted_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 0)
}

/// The same over gRPC.
fn noted_grpc_address(path: &Path) -> Option<SocketAddr> {
    noted(path, 1)
}

/// The service that holds a data folder, over gRPC, if it answers.
///
/// # Errors
/// If the note of its address is none.
pub(crate) async fn service_over_grpc(path: &Path) -> anyhow::Result<Option<Channel>> {
    let Some(address) = noted_grpc_address(path) else { return Ok(None) };
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    Ok(endpoint.connect().await.ok())
}

fn noted(path: &Path, line: usize) -> Option<SocketAddr> {
    let noted = std::fs::read_to_string(path.join("address")).ok()?;
    noted.lines().nth(line)?.parse().ok().map(reachable)
}

/// A service on all addresses is asked on loopback.
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
    fn a_folder_that_cannot_be_made_is_one_clear_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataFolder::hold(&file.path().join("data")).err().unwrap();
        assert!(error.to_string().starts_with("cannot make the folder"), "{error}");
    }
}
