//! The identity of an open file, to detect that its path no longer leads to it.

use std::io;
use std::path::{Path, PathBuf};

/// The path and identity of an open file. If somebody removes or replaces the file, its program
/// would continue to write into a file that nobody can find.
#[derive(Clone, Debug)]
pub struct FileIdentity {
    path: PathBuf,
    identity: (u64, u64),
}

impl FileIdentity {
    /// Records the identity of the file at `path`.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// The name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the number of the file on its file system. A copy of the file has another one.
    pub fn number(&self) -> u64 {
        self.identity.1
    }

    /// Returns true while the path still leads to the file.
    pub fn is_there(&self) -> bool {
        identity(&self.path).is_ok_and(|found| found == self.identity)
    }
}

/// Device and number.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    let found = std::fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

/// The name is all that can be told.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|_| (0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_removed_or_replaced_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(FileIdentity::of(&path).is_err());
        std::fs::write(&path, "1").unwrap();
        let open = std::fs::File::open(&path).unwrap();
        let file = FileIdentity::of(&path).unwrap();
        assert!(file.is_there());
        std::fs::remove_file(&path).unwrap();
        assert!(!file.is_there());
        std::fs::write(&path, "1").unwrap();
        assert!(!file.is_there(), "another one");
        drop(open);
    }
}
