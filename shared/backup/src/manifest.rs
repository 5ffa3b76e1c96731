//! The list of the files of a backup, with their hashes. It is written last: a folder without it is
//! no backup.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// The name of the list.
const NAME: &str = "backup.json";
/// The present form of a backup.
const FORMAT: u32 = 1;
/// The most bytes of a list.
const MAX_BYTES: u64 = 16 << 20;
const PIECE: usize = 1 << 20;

/// The list of a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the backup.
    pub format: u32,
    /// The version of the program that made it.
    pub version: String,
    /// The time at which it was begun, RFC 3339.
    pub created_at: String,
    /// The number of stored articles.
    pub articles: u64,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the folder, with `/` between the parts.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    pub(crate) fn new(created_at: String, articles: u64) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, version, created_at, articles, files: Vec::new() }
    }

    /// Adds a file of the folder.
    pub(crate) fn add(&mut self, folder: &Path, path: &str) -> Result<(), Error> {
        self.files.push(entry(folder, path)?);
        Ok(())
    }

    /// Writes the list, and waits until it is on the disk.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(NAME);
        let text = serde_json::to_vec_pretty(self).map_err(|e| Error::damaged(folder, e))?;
        let mut file = File::create(&path).map_err(Error::file(&path))?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(Error::file(&path))
    }

    /// Reads the list, and compares each file with it.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(NAME);
        let file = File::open(&path).map_err(Error::file(&path))?;
        let mut text = Vec::new();
        file.take(MAX_BYTES).read_to_end(&mut text).map_err(Error::file(&path))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| Error::damaged(folder, error))?;
        if manifest.format != FORMAT {
            let problem = format!("it has the form {}, not {FORMAT}", manifest.format);
            return Err(Error::damaged(folder, problem));
        }
        for listed in &manifest.files {
            check_path(folder, &listed.path)?;
            if entry(folder, &listed.path)? != *listed {
                let problem = format!("{} is not as it was written", listed.path);
                return Err(Error::damaged(folder, problem));
            }
        }
        Ok(manifest)
    }
}

/// A list that somebody else wrote leads nowhere else.
fn check_path(folder: &Path, path: &str) -> Result<(), Error> {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.split('/').all(is_plain) && !path.contains('\\') {
        return Ok(());
    }
    Err(Error::damaged(folder, format!("{path:?} leads out of it")))
}

fn entry(folder: &Path, path: &str) -> Result<FileEntry, Error> {
    let file: PathBuf = folder.join(path);
    let failed = |source| Error::File { path: file.clone(), source };
    let mut reading = File::open(&file).map_err(failed)?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0_u64, vec![0; PIECE]);
    loop {
        let read = reading.read(&mut piece).map_err(failed)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    Ok(FileEntry { path: path.to_owned(), bytes, sha256: HEXLOWER.encode(&hash.finalize()) })
}
