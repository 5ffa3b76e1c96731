//! The folder of a gateway's search index.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::TempDir;

use crate::config::Config;

/// A folder that one gateway keeps its index in. A temporary one is removed when this is dropped.
#[derive(Debug)]
pub struct IndexFolder(Place);

#[derive(Debug)]
enum Place {
    Named(PathBuf),
    Temporary(TempDir),
}

impl IndexFolder {
    /// Returns the configured folder, else a temporary one.
    ///
    /// # Errors
    /// If no temporary folder can be made.
    pub fn of(config: &Config) -> anyhow::Result<Self> {
        if let Some(folder) = &config.index_folder {
            return Ok(Self(Place::Named(folder.clone())));
        }
        tracing::info!("gateway.index_folder is not set: the search index is made anew");
        let folder = tempfile::Builder::new().prefix("courant-index-").tempdir();
        Ok(Self(Place::Temporary(folder.context("cannot make a folder for the search index")?)))
    }

    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Place::Named(folder) => folder,
            Place::Temporary(folder) => folder.path(),
        }
    }
}
