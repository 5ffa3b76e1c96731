//! The place of an archive: a folder or a server.

use std::path::{Path, PathBuf};

use courant_config::Secret;
use courant_store::{Access, Config, Store};
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;

use crate::error::Error;
use crate::folder::STORE;

/// The place of an archive, as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A data folder, or the folder of a backup.
    Folder(PathBuf),
    /// A Postgres server, by its URL.
    Server(String),
}

impl Place {
    /// Reads a place: a URL of Postgres, else a folder.
    pub fn parse(text: &str) -> Self {
        let is_server =
            ["postgres://", "postgresql://"].iter().any(|start| text.starts_with(start));
        if is_server { Self::Server(text.to_owned()) } else { Self::Folder(text.into()) }
    }

    /// Returns the folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Server(_) => None,
        }
    }

    /// Opens the store there. A server is always opened for writing.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn open(
        &self,
        access: Access,
        config: &Config,
        clock: &Clock,
        meter: &Meter,
    ) -> Result<Store, Error> {
        Ok(match self {
            Self::Folder(folder) => {
                Store::sqlite(&folder.join(STORE), access, config, clock.clone(), meter).await?
            }
            Self::Server(url) => {
                let config = Config { url: Some(Secret::new(url.clone())), ..config.clone() };
                Store::postgres(&config, clock.clone(), meter).await?
            }
        })
    }
}
