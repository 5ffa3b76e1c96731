//! `courant-bench gateway`: measures submissions and searches through each face of a gateway, with
//! more and more clients, and the memory that refused requests leave behind. The embedder is paused,
//! so that the gateway has the processors.

mod load;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use courant::config_args::ConfigArgs;
use courant::http;
use courant::{out, outln};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::inference::quantile;
use crate::running::RunningPipeline;
use load::{Load, Request};

#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// Steps of clients, one after the other
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,4,16,64,256")]
    clients: Vec<usize>,
    /// Seconds of each step
    #[arg(long, value_name = "S", default_value = "3")]
    seconds: u64,
    /// The number of duplicates in one stream of lines
    #[arg(long, value_name = "N", default_value = "20000")]
    lines: usize,
    /// The number of requests that are refused
    #[arg(long, value_name = "N", default_value = "100000")]
    refused: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Serialize)]
struct Measured {
    steps: Vec<Step>,
    /// Searches over HTTP at half of the highest rate of the steps, each at its time, whether those
    /// before it are answered or not. Their p99 bounds the time that the gateway adds to a query.
    at_half_rate: Step,
    /// Decisions per second on the duplicates of one stream of lines.
    line_duplicates_per_second: f64,
    refused: Refused,
}

#[derive(Debug, Serialize)]
struct Step {
    request: &'static str,
    clients: usize,
    per_second: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

/// Requests that are refused, and the memory of the process before and after them.
#[derive(Debug, Serialize)]
struct Refused {
    requests: usize,
    per_second: f64,
    /// Memory that no file backs; `None` if the system does not say.
    before_bytes: Option<u64>,
    after_bytes: Option<u64>,
}

pub(crate) fn run(args: &GatewayArgs) -> anyhow::Result<()> {
    ensure!(
        args.seconds > 0 && args.lines > 0,
        "it takes a step of a second, and a line, at least"
    );
    ensure!(args.clients.iter().all(|&clients| clients > 0), "a step has a client at least");
    let measured = http::block_on(measure(args))?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        out!("{measured}");
    }
    Ok(())
}

async fn measure(args: &GatewayArgs) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir().context("cannot make a data folder")?;
    let mut pipeline = RunningPipeline::start(folder.path(), &args.config, &[])?;
    let base = pipeline.answers(folder.path()).await?;
    let load = Load::new(&base, folder.path()).await?;
    let lasts = Duration::from_secs(args.seconds);
    let mut steps = Vec::new();
    for request in Request::ALL {
        for &clients in &args.clients {
            steps.push(step(&load, request, clients, lasts).await?);
            load.drained().await?;
        }
    }
    let at_half_rate = at_half_rate(&load, &steps, lasts).await?;
    let line_duplicates_per_second = load.duplicate_lines(args.lines).await?;
    let refused = refused(&load, &pipeline, args.refused).await?;
    Ok(Measured { steps, at_half_rate, line_duplicates_per_second, refused })
}

/// Lets each client send one request after the other.
async fn step(
    load: &Load,
    request: Request,
    clients: usize,
    lasts: Duration,
) -> anyhow::Result<Step> {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let load = load.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < lasts {
                let sent = Instant::now();
                load.send(request).await?;
                latencies.push(sent.elapsed());
            }
            Ok::<_, anyhow::Error>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    Ok(Step::of(request, clients, started.elapsed(), latencies))
}

/// Searches at half of the highest rate of the steps.
async fn at_half_rate(load: &Load, steps: &[Step], lasts: Duration) -> anyhow::Result<Step> {
    let request = Request::SearchHttp;
    let rates = steps.iter().filter(|step| step.request == request.as_str());
    let highest = rates.max_by(|a, b| a.per_second.total_cmp(&b.per_second));
    let (clients, rate) = highest.map_or((1, 1.0), |step| (step.clients, step.per_second / 2.0));
    let count = (rate * lasts.as_secs_f64()).ceil() as u32;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let due = started + Duration::from_secs_f64(f64::from(number) / rate);
        tokio::time::sleep_until(due.into()).await;
        let load = load.clone();
        tasks.spawn(async move {
            load.send(request).await?;
            Ok::<_, anyhow::Error>(due.elapsed())
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.push(done??);
    }
    Ok(Step::of(request, clients, started.elapsed(), latencies))
}

impl Step {
    fn of(
        request: Request,
        clients: usize,
        lasted: Duration,
        mut latencies: Vec<Duration>,
    ) -> Self {
        let per_second = latencies.len() as f64 / lasted.as_secs_f64();
        let mut ms = |share: f64| quantile(&mut latencies, share).as_secs_f64() * 1e3;
        let (p50_ms, p95_ms, p99_ms) = (ms(0.5), ms(0.95), ms(0.99));
        Self { request: request.as_str(), clients, per_second, p50_ms, p95_ms, p99_ms }
    }
}

/// Sends requests that are refused, after some that fill what is filled once.
async fn refused(
    load: &Load,
    pipeline: &RunningPipeline,
    requests: usize,
) -> anyhow::Result<Refused> {
    let memory = || Ok::<_, anyhow::Error>(pipeline.memory()?.map(|memory| memory.anonymous));
    load.refuse(requests / 10).await?;
    let before_bytes = memory()?;
    let started = Instant::now();
    load.refuse(requests).await?;
    let per_second = requests as f64 / started.elapsed().as_secs_f64();
    Ok(Refused { requests, per_second, before_bytes, after_bytes: memory()? })
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "request           clients  per second   p50 ms   p95 ms   p99 ms")?;
        for Step { request, clients, per_second, p50_ms, p95_ms, p99_ms } in &self.steps {
            writeln!(
                out,
                "{request:<18}{clients:>7}{per_second:>12.0}{p50_ms:>9.2}{p95_ms:>9.2}{p99_ms:>9.2}"
            )?;
        }
        let Step { per_second, p50_ms, p99_ms, .. } = self.at_half_rate;
        let rate =
            format!("{per_second:.0} searches per second over HTTP, half of the highest rate");
        writeln!(out, "{rate}: p50 {p50_ms:.2} ms, p99 {p99_ms:.2} ms")?;
        let lines = self.line_duplicates_per_second;
        writeln!(out, "duplicates in one stream of lines: {lines:.0} per second")?;
        let Refused { requests, per_second, before_bytes, after_bytes } = self.refused;
        write!(out, "{requests} refused requests: {per_second:.0} per second")?;
        if let (Some(before), Some(after)) = (before_bytes, after_bytes) {
            let mb = |bytes: u64| bytes as f64 / 1e6;
            write!(out, "; memory {:.1} MB before, {:.1} MB after", mb(before), mb(after))?;
        }
        writeln!(out)
    }
}
