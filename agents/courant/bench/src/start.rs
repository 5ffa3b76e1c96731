//! `courant-bench start`: measures the time that a pipeline takes to its first answer, and its idle
//! memory.

use std::fmt;
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use courant::config_args::ConfigArgs;
use courant::http;
use courant::{out, outln};
use serde::Serialize;

use crate::running::{ProcessMemory, RunningPipeline};

/// The wait after which a pipeline has freed the memory that only its start needs.
const IDLE_AFTER: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The number of times the pipeline is started
    #[arg(long, value_name = "N", default_value = "5")]
    starts: NonZeroU16,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The figures of all starts. Each start runs the `courant` beside this executable in an empty
/// data folder, one after the other.
#[derive(Debug, Serialize)]
struct Starts {
    /// The times from the start of the process to the first answer to a search by meaning.
    seconds: Vec<f64>,
    /// The memory of the last start, 3 s after its answer; `None` if the system does not say.
    idle: Option<ProcessMemory>,
}

pub(crate) fn run(args: &StartArgs) -> anyhow::Result<()> {
    args.config.load()?;
    let measured = http::block_on(measure(args))?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        out!("{measured}");
    }
    Ok(())
}

async fn measure(args: &StartArgs) -> anyhow::Result<Starts> {
    let mut starts = Starts { seconds: Vec::new(), idle: None };
    for nth in 1..=args.starts.get() {
        let folder = tempfile::tempdir().context("cannot make a data folder")?;
        let started = Instant::now();
        let mut pipeline = RunningPipeline::start(folder.path(), &args.config, &[])?;
        pipeline.answers(folder.path()).await?;
        starts.seconds.push(started.elapsed().as_secs_f64());
        if nth == args.starts.get() {
            tokio::time::sleep(IDLE_AFTER).await;
            starts.idle = pipeline.memory()?;
        }
    }
    Ok(starts)
}

impl fmt::Display for Starts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        let (first, last) = (seconds[0], seconds[seconds.len() - 1]);
        writeln!(out, "start to the first search by meaning answered, {} starts", seconds.len())?;
        writeln!(out, "  median {median:.3} s, from {first:.3} s to {last:.3} s")?;
        if let Some(ProcessMemory { resident, anonymous }) = self.idle {
            let mib = |bytes: u64| bytes >> 20;
            let (resident, own) = (mib(resident), mib(anonymous));
            writeln!(out, "memory when idle\n  {resident} MiB resident, {own} MiB of it its own")?;
        }
        Ok(())
    }
}
