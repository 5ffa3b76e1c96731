//! The errors of a registry.

use std::io;
use std::path::PathBuf;

use crate::file::HeadError;

/// The reasons why an operation of the registry failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file of a version differs from the stored head.
    #[error("{path} is corrupt: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// The file of a version is not a head.
    #[error("{path} cannot be used")]
    Head {
        /// The file.
        path: PathBuf,
        /// The error in the file.
        source: HeadError,
    },
    /// No such version is stored.
    #[error("{name} has no version {version}; {known}")]
    NoVersion {
        /// The head's name.
        name: &'static str,
        /// The requested version.
        version: String,
        /// A phrase that lists the stored versions.
        known: String,
    },
    /// The version is in use already.
    #[error("{name}@{version} is in use already")]
    InUse {
        /// The head's name.
        name: &'static str,
        /// Its version.
        version: String,
    },
    /// The candidate is worse than the head in use.
    #[error("the candidate's {score} is {candidate}, that of {replaced} is {active}")]
    Worse {
        /// The name of the score that was compared.
        score: String,
        /// The candidate's.
        candidate: f64,
        /// That of the head in use.
        active: f64,
        /// The head in use.
        replaced: String,
    },
    /// Nothing was ever promoted.
    #[error("no {0} was ever promoted: there is nothing to return to")]
    NothingBefore(&'static str),
}
