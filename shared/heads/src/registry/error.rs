//! The errors of a registry.

use std::io;
use std::path::PathBuf;

use crate::file::HeadError;

/// Why a registry does not do what it was asked.
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
    /// A version's file is not what was kept.
    #[error("{path} is corrupt: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A version's file is no head.
    #[error("{path} cannot be used")]
    Head {
        /// The file.
        path: PathBuf,
        /// The error in the file.
        source: HeadError,
    },
    /// Nothing of this name is kept.
    #[error("{name} has no version {version}; {known}")]
    NoVersion {
        /// The head's name.
        name: &'static str,
        /// The version that was asked for.
        version: String,
        /// A phrase that lists the versions that are kept.
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
    /// The candidate is worse than what is in use.
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
