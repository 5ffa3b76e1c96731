//! Reading and checking files, whatever describes them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use data_encoding::HEXLOWER;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::model::prefixes::Prefixes;

/// Reads a JSON file that describes a model.
///
/// # Errors
/// [`Error::Read`], or [`Error::Manifest`] where it does not say what it should.
pub(crate) fn described<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let json = std::fs::read(path).map_err(|source| Error::read(path, source))?;
    serde_json::from_slice(&json)
        .map_err(|error| Error::Manifest { path: path.to_owned(), reason: error.to_string() })
}

/// 12 hexadecimal digits that change with any of the files, and with the prefixes.
pub(crate) fn version(files: &BTreeMap<String, String>, prefixes: &Prefixes) -> String {
    let mut digest = Sha256::new();
    for (file, hash) in files {
        digest.update(format!("{file} {hash}\n"));
    }
    if !prefixes.is_empty() {
        digest.update(format!("prefixes {:?} {:?}\n", prefixes.query, prefixes.document));
    }
    HEXLOWER.encode(&digest.finalize())[..12].to_owned()
}

/// Compares a file's SHA-256 with the one that it must have.
pub(crate) fn verify(path: &Path, expected: &str) -> Result<(), Error> {
    let found = sha256(path)?;
    if found == expected.to_ascii_lowercase() {
        return Ok(());
    }
    Err(Error::Checksum { path: path.to_owned(), expected: expected.to_owned(), found })
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(crate) fn sha256(path: &Path) -> Result<String, Error> {
    let read = |source| Error::read(path, source);
    let mut file = File::open(path).map_err(read)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        let count = file.read(&mut block).map_err(read)?;
        if count == 0 {
            return Ok(HEXLOWER.encode(&digest.finalize()));
        }
        digest.update(&block[..count]);
    }
}
