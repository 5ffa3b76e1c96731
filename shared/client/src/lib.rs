//! Asks a running service over HTTP, by the types of `courant-api`.

mod address;
mod token;

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use courant_api::Problem;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use address::service_address;
pub use token::{token, use_token};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(30);

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

/// Makes an HTTP client whose requests end after `timeout`, and carry the token of this command.
///
/// # Errors
/// Fails if it cannot be built.
pub fn client(timeout: Duration) -> anyhow::Result<reqwest::Client> {
    install_crypto();
    let mut builder = reqwest::Client::builder();
    if let Some(token) = token() {
        let mut value: HeaderValue =
            format!("Bearer {token}").parse().context("the token is no text")?;
        value.set_sensitive(true);
        builder = builder.default_headers([(AUTHORIZATION, value)].into_iter().collect());
    }
    builder
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
        self.read(path, query).await
    }

    /// Returns the answer at `path`.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        let url = url::Url::parse_with_params(&format!("{}{path}", self.base), query)
            .with_context(|| format!("{} is no URL", self.base))?;
        self.answer(self.client.get(url)).await
    }

    /// Posts `body` to `path` as JSON and returns the answer.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.answer(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// Posts an OPML document to `path` and returns the answer.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn post_opml<T: DeserializeOwned>(
        &self,
        path: &str,
        opml: Vec<u8>,
    ) -> anyhow::Result<T> {
        let request = self.client.post(format!("{}{path}", self.base));
        self.answer(request.header("content-type", "text/x-opml").body(opml)).await
    }

    /// Changes the thing at `path` by `body` and returns it.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.answer(self.client.patch(format!("{}{path}", self.base)).json(body)).await
    }

    /// Removes the thing at `path`.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.sent(self.client.delete(format!("{}{path}", self.base))).await.map(|_| ())
    }

    /// Removes the thing at `path`, and returns the answer.
    ///
    /// # Errors
    /// Those of [`Self::get`].
    pub async fn delete_with_answer<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.answer(self.client.delete(format!("{}{path}", self.base))).await
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let answer = self.sent(request).await?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| self.silent(&error))?;
        serde_json::from_slice(&bytes)
            .with_context(|| format!("{} answers {status} with something else", self.base))
    }

    /// Sends a request. An answer with an error becomes one.
    async fn sent(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let answer = request.send().await.map_err(|error| self.silent(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        match answer.json::<Problem>().await {
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
