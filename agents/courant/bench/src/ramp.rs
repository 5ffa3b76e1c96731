//! `courant-bench ramp`: measures `POST /v1/embed` with more and more clients. Each client sends
//! one text after the other to a pipeline in its own process.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use courant::config_args::ConfigArgs;
use courant::http;
use courant::{out, outln};
use courant_inference::{BareModel, Config, Deps};
use reqwest::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::inference::{quantile, texts};
use crate::running::RunningPipeline;

/// The number of different texts. They are sent again and again, so no vector may be cached.
const TEXTS: usize = 512;
const NOTHING_KEPT: (&str, &str) = ("COURANT__INFERENCE__RESULT_CACHE_MB", "0");
/// The wait of a refused client before it sends again.
const PAUSE: Duration = Duration::from_millis(50);
/// The start of each step, which is not measured, because the queue fills then.
const SETTLE: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(crate) struct RampArgs {
    /// Steps of clients, one after the other
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    clients: Vec<usize>,
    /// Seconds of each step
    #[arg(long, value_name = "S", default_value = "5")]
    seconds: u64,
    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Serialize)]
struct Measured {
    steps: Vec<Step>,
    /// The goodput of the last step divided by that of the best one.
    last_against_best: f64,
}

#[derive(Debug, Serialize)]
struct Step {
    clients: usize,
    /// Vectors per second.
    goodput: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    /// Answers that say `overloaded` or `late`.
    refused: usize,
    /// Other answers without a vector.
    errors: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_error: Option<String>,
    /// The number of processors that the pipeline kept busy; `None` if the system does not say.
    processors: Option<f64>,
    /// The memory of the pipeline at the end of the step.
    resident_bytes: Option<u64>,
}

pub(crate) fn run(args: &RampArgs) -> anyhow::Result<()> {
    ensure!(args.seconds > 0 && !args.clients.is_empty(), "it takes a step of a second at least");
    ensure!(args.clients.iter().all(|&clients| clients > 0), "a step has a client at least");
    let config: Config = args.config.load_quiet()?.section("inference")?;
    let measured = http::block_on(measure(args, &config))?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        out!("{measured}");
    }
    let failed = measured.steps.iter().find_map(|step| step.first_error.as_deref());
    match failed {
        Some(error) => bail!("a request got neither a vector nor a reason: {error}"),
        None => Ok(()),
    }
}

async fn measure(args: &RampArgs, config: &Config) -> anyhow::Result<Measured> {
    let model = BareModel::load(config, &Deps::resolve()).context("cannot load the model")?;
    let texts = texts::mixed(&model, TEXTS, 7)?.into_iter().map(|text| text.text).collect();
    let folder = tempfile::tempdir().context("cannot make a data folder")?;
    let mut pipeline = RunningPipeline::start(folder.path(), &args.config, &[NOTHING_KEPT])?;
    let base = pipeline.answers(folder.path()).await?;
    let load = Arc::new(Load::new(&base, texts)?);
    let mut steps = Vec::new();
    for &clients in &args.clients {
        steps.push(step(&load, &pipeline, clients, Duration::from_secs(args.seconds)).await?);
    }
    let best = steps.iter().map(|step| step.goodput).fold(0.0, f64::max);
    let last = steps.last().map_or(0.0, |step| step.goodput);
    Ok(Measured { steps, last_against_best: if best > 0.0 { last / best } else { 0.0 } })
}

/// The texts that clients send, and the URL that they send them to.
struct Load {
    url: String,
    client: reqwest::Client,
    texts: Vec<String>,
    next: AtomicUsize,
}

/// The results that one client got in a step.
#[derive(Default)]
struct Got {
    latencies: Vec<Duration>,
    refused: usize,
    errors: Vec<anyhow::Error>,
}

impl Load {
    fn new(base: &str, texts: Vec<String>) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30));
        let client = client.build().context("cannot make an HTTP client")?;
        Ok(Self { url: format!("{base}/v1/embed"), client, texts, next: AtomicUsize::new(0) })
    }

    /// Sends one text after the other from `start` to `end`.
    async fn client(&self, start: Instant, end: Instant) -> Got {
        let mut got = Got::default();
        while Instant::now() < end {
            let sent = Instant::now();
            let answer = self.send().await;
            if sent < start {
                continue;
            }
            match answer {
                Ok(EmbedOutcome::Vector) => got.latencies.push(sent.elapsed()),
                Ok(EmbedOutcome::Refused) => {
                    got.refused += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => got.errors.push(error),
            }
        }
        got
    }

    async fn send(&self) -> anyhow::Result<EmbedOutcome> {
        let text = &self.texts[self.next.fetch_add(1, Ordering::Relaxed) % self.texts.len()];
        let request = self.client.post(&self.url).json(&json!({ "texts": [text] }));
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        let is_typed = body["error"]["code"].is_string();
        match status {
            StatusCode::OK if body["vectors"][0].is_array() => Ok(EmbedOutcome::Vector),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::GATEWAY_TIMEOUT if is_typed => {
                Ok(EmbedOutcome::Refused)
            }
            _ => bail!("{status}: {body}"),
        }
    }
}

enum EmbedOutcome {
    Vector,
    Refused,
}

async fn step(
    load: &Arc<Load>,
    pipeline: &RunningPipeline,
    clients: usize,
    length: Duration,
) -> anyhow::Result<Step> {
    let start = Instant::now() + SETTLE;
    let end = start + length;
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let load = Arc::clone(load);
        tasks.spawn(async move { load.client(start, end).await });
    }
    tokio::time::sleep_until(start.into()).await;
    let (began, before) = (Instant::now(), pipeline.processor_time()?);
    tokio::time::sleep_until(end.into()).await;
    let (took, after) = (began.elapsed(), pipeline.processor_time()?);
    let memory = pipeline.memory()?;
    let mut all = Got::default();
    while let Some(done) = tasks.join_next().await {
        let Got { latencies, refused, errors } = done.context("a client panicked")?;
        all.latencies.extend(latencies);
        all.refused += refused;
        all.errors.extend(errors);
    }
    let used = before.zip(after).map(|(before, after)| after.saturating_sub(before));
    let mut milliseconds = |share| quantile(&mut all.latencies, share).as_secs_f64() * 1e3;
    Ok(Step {
        clients,
        p50_ms: milliseconds(0.5),
        p95_ms: milliseconds(0.95),
        p99_ms: milliseconds(0.99),
        goodput: all.latencies.len() as f64 / length.as_secs_f64(),
        refused: all.refused,
        errors: all.errors.len(),
        first_error: all.errors.first().map(|error| format!("{error:#}")),
        processors: used.map(|used| used.as_secs_f64() / took.as_secs_f64()),
        resident_bytes: memory.map(|memory| memory.resident),
    })
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "clients  vectors/s  p50 ms  p95 ms  p99 ms  refused  errors  CPUs  MiB")?;
        for step in &self.steps {
            let Step { clients, goodput, p50_ms, p95_ms, p99_ms, refused, errors, .. } = step;
            let processors = step.processors.map_or("–".into(), |it| format!("{it:.2}"));
            let mib = step.resident_bytes.map_or("–".into(), |it| (it >> 20).to_string());
            writeln!(
                f,
                "{clients:>7} {goodput:>10.1} {p50_ms:>7.0} {p95_ms:>7.0} {p99_ms:>7.0} {refused:>8} \
                 {errors:>7} {processors:>5} {mib:>4}"
            )?;
        }
        let ratio = self.last_against_best;
        writeln!(f, "the last step against the best one: {ratio:.2} (at least 0.9)")
    }
}
