//! Asks a running service over HTTP.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use courant_api::Problem;
use serde_json::Value;

use crate::address::service_address;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(30);

/// Runs `body` to its end on a small runtime.
///
/// # Errors
/// Those of `body`, or if no runtime can be started.
pub fn block_on<T>(body: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(body)
}

/// Makes `ring` the cryptography provider of every client in this process.
pub fn install_crypto() {
    // This fails only if a provider was installed already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// A running service that is asked over HTTP.
pub struct Server {
    base: String,
    client: reqwest::Client,
}

/// Makes an HTTP client whose requests end after `timeout`.
pub(crate) fn client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    install_crypto();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .build()
        .context("cannot make an HTTP client")
}

impl Server {
    /// Creates a client of the service at `base`, such as `http://127.0.0.1:8080`. The scheme may
    /// be left out.
    ///
    /// # Errors
    /// Fails if `base` is no address, or no HTTP client can be built.
    pub fn at(base: &str) -> anyhow::Result<Self> {
        let base = service_address(base, "http://127.0.0.1:8080")?;
        Ok(Self { base, client: client(TIMEOUT)? })
    }

    /// Returns true if the service answers.
    pub async fn is_alive(&self) -> bool {
        let answer = self.client.get(format!("{}/healthz", self.base)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Returns the address of the service.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the JSON at `path`.
    ///
    /// # Errors
    /// Fails if the service does not answer, or with the error that it reports.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        let url = url::Url::parse_with_params(&format!("{}{path}", self.base), query)
            .with_context(|| format!("{} is no URL", self.base))?;
        let request = self.client.get(url);
        let answer = request.send().await.map_err(|error| self.silent(&error))?;
        let status = answer.status();
        let body: Value = answer
            .json()
            .await
            .with_context(|| format!("{} answers {status} without JSON", self.base))?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_value::<Problem>(body) {
            Ok(problem) => bail!("{}", problem.detail),
            Err(_) => bail!("{} answers {status}", self.base),
        }
    }

    /// Says why no answer came.
    fn silent(&self, error: &reqwest::Error) -> anyhow::Error {
        let cause = if error.is_connect() {
            "nothing listens there"
        } else if error.is_timeout() {
            "no answer in time"
        } else {
            "the service there does not speak HTTP"
        };
        anyhow!("no service answers at {}: {cause}", self.base)
    }
}
