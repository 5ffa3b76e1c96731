//! A Prometheus for tests: on a free port, with a store of its own, gone when dropped.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;

use crate::processes::{free_port, http, until};

/// The time within which the server must answer.
const READY: Duration = Duration::from_secs(30);

/// A running server.
pub struct Prometheus {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Prometheus {
    /// Starts `prometheus` of the `PATH`. It scrapes each job's port of loopback once
    /// a second.
    ///
    /// # Errors
    /// If it is not installed, or does not answer within 30 s: with its log.
    pub async fn start(jobs: &[(String, u16)]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        std::fs::write(folder.path().join("prometheus.yml"), configuration(jobs))?;
        let process = spawn(folder.path(), port)?;
        let mut server = Self { process, port, folder };
        server.ready().await?;
        Ok(server)
    }

    /// Returns the current value of each series of `expr`, including `NaN` and infinities.
    ///
    /// # Errors
    /// If the server does not answer, or `expr` is no PromQL.
    pub async fn query(&self, expr: &str) -> anyhow::Result<Vec<f64>> {
        let url = self.url("/api/v1/query");
        let url = Url::parse_with_params(&url, [("query", expr)])?;
        let answer: Value = http().get(url).send().await?.json().await?;
        let series = answer["data"]["result"].as_array();
        let series = series.with_context(|| format!("{expr}: {answer}"))?;
        let value = |series: &Value| series["value"][1].as_str()?.parse().ok();
        let values: Option<Vec<f64>> = series.iter().map(value).collect();
        values.with_context(|| format!("{expr}: not a value for each series: {answer}"))
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    async fn ready(&mut self) -> anyhow::Result<()> {
        let url = self.url("/-/ready");
        let waited = until("prometheus is ready", READY, async || {
            if let Some(status) = self.process.try_wait()? {
                bail!("prometheus ended with {status}");
            }
            Ok(http().get(&url).send().await.is_ok_and(|answer| answer.status().is_success()))
        })
        .await;
        waited.with_context(|| {
            std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
        })
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn configuration(jobs: &[(String, u16)]) -> String {
    let mut text =
        String::from("global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n");
    for (job, port) in jobs {
        text += &format!(
            "  - job_name: {job}\n    static_configs: [{{ targets: [\"127.0.0.1:{port}\"] }}]\n"
        );
    }
    text
}

fn spawn(folder: &Path, port: u16) -> anyhow::Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    Command::new("prometheus")
        .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start prometheus: install the package of that name")
}
