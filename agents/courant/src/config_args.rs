//! The arguments of every command that reads the configuration.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use courant_config::Document;

/// The arguments that name the configuration file.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// The configuration file [default: courant.toml, if there is one]
    #[arg(long, value_name = "FILE", env = "COURANT_CONFIG", global = true)]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Loads the configuration file. Variables of the environment override its values.
    ///
    /// # Errors
    /// Fails if the file or a variable is invalid.
    pub fn load(&self) -> anyhow::Result<Document> {
        Ok(Document::load(self.config.as_deref(), std::env::vars())?)
    }

    /// Loads the configuration for commands that print their own results. The log shows only
    /// warnings, unless it is configured.
    ///
    /// # Errors
    /// The same as for [`Self::load`].
    pub fn load_quiet(&self) -> anyhow::Result<Document> {
        let mut document = self.load()?;
        if !document.has("telemetry.log") {
            document.set("telemetry.log", "warn")?;
        }
        Ok(document)
    }

    /// Returns the arguments with which another `courant` reads the same file.
    pub fn arguments(&self) -> Vec<OsString> {
        let file = self.config.iter().map(|file| file.clone().into_os_string());
        file.flat_map(|file| ["--config".into(), file]).collect()
    }
}
