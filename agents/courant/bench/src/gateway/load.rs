//! The requests of the clients.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use courant::data::{self, Channel};
use courant_proto::v1;
use courant_proto::v1::admin_client::AdminClient;
use courant_proto::v1::submissions_client::SubmissionsClient;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// The wait of a refused client before it sends again.
const PAUSE: Duration = Duration::from_millis(20);
/// The articles that are stored before, and found by each search.
const SUBJECTS: u64 = 200;
/// Clients that send what is refused.
const REFUSED_CLIENTS: usize = 16;
/// Words of an article besides those that a search finds.
const WORDS: usize = 40;

/// A kind of request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Request {
    SubmitHttp,
    DuplicateHttp,
    DuplicateGrpc,
    SearchHttp,
    SearchMcp,
}

impl Request {
    /// The duplicates are of what is submitted before.
    pub(super) const ALL: [Self; 5] = [
        Self::SubmitHttp,
        Self::DuplicateHttp,
        Self::DuplicateGrpc,
        Self::SearchHttp,
        Self::SearchMcp,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::SubmitHttp => "submit, HTTP",
            Self::DuplicateHttp => "duplicate, HTTP",
            Self::DuplicateGrpc => "duplicate, gRPC",
            Self::SearchHttp => "search, HTTP",
            Self::SearchMcp => "search, MCP",
        }
    }
}

/// A gateway with its clients. Clones share the connections.
#[derive(Clone)]
pub(super) struct Load {
    base: String,
    client: reqwest::Client,
    submissions: SubmissionsClient<Channel>,
    next: Arc<AtomicU64>,
}

impl Load {
    /// Submits some articles, and pauses the embedder once they are stored.
    pub(super) async fn new(base: &str, folder: &Path) -> anyhow::Result<Self> {
        let channel = data::service_over_grpc(folder).await?.context("no gRPC service answers")?;
        let load = Self {
            base: base.to_owned(),
            client: reqwest::Client::builder().timeout(Duration::from_secs(60)).build()?,
            submissions: SubmissionsClient::new(channel.clone()),
            next: Arc::new(AtomicU64::new(1)),
        };
        for _ in 0..SUBJECTS {
            load.send(Request::SubmitHttp).await?;
        }
        let stored = || async {
            let answer = load.client.get(format!("{base}/v1/search?q=bridge&mode=text"));
            Ok::<_, anyhow::Error>(answer.send().await?.json::<Value>().await?["total"].as_u64())
        };
        while stored().await? < Some(SUBJECTS) {
            tokio::time::sleep(PAUSE).await;
        }
        let pause = v1::PauseRequest { agent: "embedder".into() };
        AdminClient::new(channel).pause(pause).await.context("cannot pause the embedder")?;
        Ok(load)
    }

    /// Sends one request, again while the pipeline has no room.
    pub(super) async fn send(&self, request: Request) -> anyhow::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        match request {
            Request::SubmitHttp => {
                let (url, text) = (format!("https://a.example/{number}"), text(number));
                let article = json!({ "url": url, "title": "Bridge", "text": text });
                self.accepted(|| self.post("/v1/articles", &article)).await
            }
            Request::DuplicateHttp => {
                let article = self.duplicate(number);
                self.accepted(|| self.post("/v1/articles", &article)).await
            }
            Request::DuplicateGrpc => self.over_grpc(number).await,
            Request::SearchHttp => {
                let url = format!("{}/v1/search?q=harbour+bridge&mode=text", self.base);
                self.accepted(|| self.client.get(&url)).await
            }
            Request::SearchMcp => {
                let call = json!({
                    "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                        "name": "search_articles",
                        "arguments": { "query": "harbour bridge", "mode": "text" },
                    },
                });
                let accept = "application/json, text/event-stream";
                self.accepted(|| self.post("/mcp", &call).header("accept", accept)).await
            }
        }
    }

    /// Waits until every submitted entry is decided on.
    pub(super) async fn drained(&self) -> anyhow::Result<()> {
        let waiting = || async {
            let answer = self.client.get(format!("{}/v1/status", self.base)).send().await?;
            let status: Value = answer.error_for_status()?.json().await?;
            let queues = status["queues"].as_array().context("the status has no queues")?;
            let queue = queues.iter().find(|queue| queue["stage"] == "gateway");
            Ok::<_, anyhow::Error>(queue.context("the gateway has no queue")?["depth"].as_u64())
        };
        while waiting().await? != Some(0) {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).json(body)
    }

    async fn accepted(&self, request: impl Fn() -> RequestBuilder) -> anyhow::Result<()> {
        loop {
            let answer = request().send().await?;
            let status = answer.status();
            let body = answer.text().await?;
            match status {
                StatusCode::TOO_MANY_REQUESTS => tokio::time::sleep(PAUSE).await,
                status if status.is_success() => return Ok(()),
                status => bail!("the gateway answers {status}: {body}"),
            }
        }
    }

    /// An article that was stored before, submitted anew.
    fn duplicate(&self, number: u64) -> Value {
        let before = 1 + number % SUBJECTS;
        let url = format!("https://a.example/{before}");
        let submission_id = format!("again-{number}");
        json!({ "url": url, "title": "Bridge", "text": text(before), "submission_id": submission_id })
    }

    async fn over_grpc(&self, number: u64) -> anyhow::Result<()> {
        let before = 1 + number % SUBJECTS;
        let entry = v1::Entry {
            submission_id: format!("again-{number}"),
            url: format!("https://a.example/{before}"),
            text: text(before),
            observed_at_ms: i64::try_from(number)?,
            ..v1::Entry::default()
        };
        let entries = tokio_stream::iter([entry]);
        let mut decisions = self.submissions.clone().submit(entries).await?.into_inner();
        let decided = decisions.message().await?.context("no decision came")?;
        ensure!(decided.decision() == v1::Decision::Duplicate, "it was no duplicate: {decided:?}");
        Ok(())
    }

    /// Sends duplicates as lines of one request. Returns the decisions per second.
    pub(super) async fn duplicate_lines(&self, lines: usize) -> anyhow::Result<f64> {
        let mut body = String::new();
        for _ in 0..lines {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            body.push_str(&self.duplicate(number).to_string());
            body.push('\n');
        }
        let request = self.client.post(format!("{}/v1/articles/stream", self.base));
        let started = Instant::now();
        let request = request.timeout(Duration::from_secs(600)).body(body);
        let answer = request.send().await?.text().await?;
        let seconds = started.elapsed().as_secs_f64();
        let duplicates = answer.matches("\"decision\":\"duplicate\"").count();
        ensure!(duplicates == lines, "{duplicates} of {lines} lines are duplicates: {answer:.500}");
        Ok(lines as f64 / seconds)
    }

    /// Sends requests that are malformed or refused.
    pub(super) async fn refuse(&self, requests: usize) -> anyhow::Result<()> {
        let mut tasks = JoinSet::new();
        for client in 0..REFUSED_CLIENTS {
            let load = self.clone();
            let numbers = (client..requests).step_by(REFUSED_CLIENTS);
            tasks.spawn(async move {
                for number in numbers {
                    let status = load.refused(number).send().await?.status();
                    ensure!(status.is_client_error(), "a wrong request got {status}");
                }
                Ok::<_, anyhow::Error>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        Ok(())
    }

    fn refused(&self, number: usize) -> RequestBuilder {
        let raw = |path: &str, body: &str| {
            let request = self.client.post(format!("{}{path}", self.base));
            request.header("content-type", "application/json").body(body.to_owned())
        };
        match number % 6 {
            0 => raw("/v1/articles", "{\"url\": "),
            1 => raw("/v1/articles", &format!("{{\"url\": \"ftp://{number}/\", \"text\": \"x\"}}")),
            2 => self.client.get(format!("{}/v1/search?q=(a{number}", self.base)),
            3 => self.client.get(format!("{}/v1/search?q=a&cursor={number}", self.base)),
            4 => self.client.get(format!("{}/v1/absent/{number}", self.base)),
            _ => raw("/mcp", "{no json").header("accept", "application/json, text/event-stream"),
        }
    }
}

/// A text of its own for each number, near to no other one.
fn text(number: u64) -> String {
    let mut state = number;
    let words = (0..WORDS).map(|_| {
        // The generator of Knuth's MMIX.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!(" word{}", state >> 48)
    });
    format!("The harbour bridge stays open.{}", words.collect::<String>())
}
