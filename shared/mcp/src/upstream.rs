//! The MCP endpoint that answers: of a running service, or of the pipeline in this process.

use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use courant_client::{client, service_address};
use tower::ServiceExt;

/// The service ends a request before, with an answer.
const TIMEOUT: Duration = Duration::from_secs(330);
/// The longest answer, in bytes. Those of the tools have 32,000 at most.
const MAX_ANSWER_BYTES: usize = 4 << 20;
const PATH: &str = "/mcp";

/// An MCP endpoint.
#[derive(Clone)]
pub enum Upstream {
    /// The endpoint of a running service.
    Remote {
        /// The address with its path.
        url: String,
        /// The client that asks it.
        client: reqwest::Client,
    },
    /// The routes of the pipeline in this process.
    Local(Router),
}

impl Upstream {
    /// Returns the endpoint of the service at `address`, such as `http://127.0.0.1:8080`, with or
    /// without the path `/mcp`.
    ///
    /// # Errors
    /// If `address` is no address, or no HTTP client can be built.
    pub fn at(address: &str) -> anyhow::Result<Self> {
        let base = service_address(address, "http://127.0.0.1:8080")?;
        let base = base.strip_suffix(PATH).unwrap_or(&base);
        Ok(Self::Remote { url: format!("{base}{PATH}"), client: client(TIMEOUT)? })
    }

    /// Sends a message, and returns the answer.
    ///
    /// # Errors
    /// If no answer comes, or it is too long.
    pub(crate) async fn post(
        &self,
        mut headers: HeaderMap,
        message: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let json = "application/json".parse()?;
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::ACCEPT, "application/json, text/event-stream".parse()?);
        match self {
            Self::Remote { url, client } => {
                let request = client.post(url).headers(headers).body(message);
                let sent = request.send().await;
                let answer =
                    sent.map_err(|error| anyhow!("no answer from {url}: {}", kind(&error)))?;
                let status = answer.status();
                Ok((status, bounded(answer).await?))
            }
            Self::Local(routes) => {
                let mut request = Request::post(PATH).body(Body::from(message))?;
                headers.insert(header::HOST, "localhost".parse()?);
                *request.headers_mut() = headers;
                let answer = routes.clone().oneshot(request).await?;
                let status = answer.status();
                let body = to_bytes(answer.into_body(), MAX_ANSWER_BYTES).await;
                Ok((status, body.context("the answer is too long")?))
            }
        }
    }
}

fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_connect() {
        "nothing listens there"
    } else if error.is_timeout() {
        "it took too long"
    } else {
        "the connection broke"
    }
}

async fn bounded(mut answer: reqwest::Response) -> anyhow::Result<Bytes> {
    let mut read = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("the connection broke")? {
        ensure!(read.len() + chunk.len() <= MAX_ANSWER_BYTES, "the answer is too long");
        read.extend_from_slice(&chunk);
    }
    Ok(read.into())
}
