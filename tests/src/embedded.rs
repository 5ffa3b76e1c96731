//! The pipeline in one process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use courant_store::{Access, ArticleSummary, Config, Store};
use courant_telemetry::{Clock, Meters};
use serde_json::Value;
use tempfile::TempDir;

use crate::processes::{AgentProcess, Program};
use crate::sites::{Publishers, is_full};

/// A data folder, and `courant run` on it.
pub struct EmbeddedPipeline {
    folder: TempDir,
}

impl EmbeddedPipeline {
    /// An empty data folder, and a configuration that crawls `publishers`.
    ///
    /// # Errors
    /// If there is no room for it.
    pub fn new(publishers: &Publishers) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("courant.toml"), publishers.configuration())?;
        Ok(Self { folder })
    }

    /// Returns the path of its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command on this data folder, as `["search", "rain"]`.
    ///
    /// # Errors
    /// If the binary is not built.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Program::Courant.command()?;
        command.args(arguments).arg("--data").arg(self.data());
        command.arg("--config").arg(self.folder.path().join("courant.toml"));
        command.current_dir(self.folder.path());
        Ok(command)
    }

    /// Starts a round over all publishers.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(&self) -> anyhow::Result<AgentProcess> {
        AgentProcess::start("run", self.command(&["run", "--once", "--json"])?, self.folder.path())
    }

    /// A whole round: its summary.
    ///
    /// # Errors
    /// If it fails, with what it wrote.
    pub async fn round(&self) -> anyhow::Result<Value> {
        let mut command = self.command(&["run", "--once", "--json"])?;
        command.env("COURANT__SERVICE__HTTP_PORT", "0").env("COURANT__SERVICE__GRPC_PORT", "0");
        let output = tokio::task::spawn_blocking(move || command.output()).await??;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "courant run ended with {}: {said}", output.status);
        serde_json::from_slice(&output.stdout).context("the summary is JSON")
    }

    /// Returns every stored article, in the order of ids.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn stored(&self) -> anyhow::Result<Vec<ArticleSummary>> {
        let meter = Meters::new("test")?.meter();
        let path = self.data().join("courant.db");
        let store =
            Store::sqlite(&path, Access::ReadOnly, &Config::default(), Clock::system(), &meter)
                .await?;
        let stored = all(&store).await?;
        store.close().await?;
        Ok(stored)
    }

    /// Its folder, for logs and further files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Returns the time that a round may take: real pages are embedded on two cores.
pub fn round() -> Duration {
    Duration::from_secs(if is_full() { 900 } else { 90 })
}

/// Every article of `store`.
pub(crate) async fn all(store: &Store) -> anyhow::Result<Vec<ArticleSummary>> {
    let mut stored: Vec<ArticleSummary> = Vec::new();
    loop {
        let page = store.articles().list(stored.last().map(|last| last.id), 100).await?;
        if page.is_empty() {
            return Ok(stored);
        }
        stored.extend(page);
    }
}
