//! How long an embedded pipeline takes to its first answer, and what it holds
//! when idle.

use std::fmt;
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use crate::cli::ConfigArgs;
use crate::data;
use crate::http::{self, Server};

/// A start that takes longer has failed.
const TOO_LONG: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(2);
/// What a pipeline allocates to start is given back by then.
const IDLE_AFTER: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// How many times it is started
    #[arg(long, value_name = "N", default_value = "5")]
    starts: NonZeroU16,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Each in an empty data folder, by this executable, one after the other.
#[derive(Debug, Serialize)]
struct Starts {
    /// From the start of the process to the first search by meaning answered.
    seconds: Vec<f64>,
    /// Of the last one, 3 s after its answer; `None` where the system does not say.
    idle: Option<Memory>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Memory {
    /// Bytes in memory, files that are mapped among them.
    resident: u64,
    /// Bytes of them that no file backs.
    anonymous: u64,
}

pub(crate) fn run(args: &StartArgs) -> anyhow::Result<()> {
    args.config.load()?;
    let measured = http::block_on(measure(args))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        print!("{measured}");
    }
    Ok(())
}

async fn measure(args: &StartArgs) -> anyhow::Result<Starts> {
    let mut starts = Starts { seconds: Vec::new(), idle: None };
    for nth in 1..=args.starts.get() {
        let folder = tempfile::tempdir().context("cannot make a data folder")?;
        let started = Instant::now();
        let mut pipeline = Running::start(folder.path(), &args.config)?;
        pipeline.answers(folder.path()).await?;
        starts.seconds.push(started.elapsed().as_secs_f64());
        if nth == args.starts.get() {
            tokio::time::sleep(IDLE_AFTER).await;
            starts.idle = pipeline.memory()?;
        }
    }
    Ok(starts)
}

/// A pipeline in a process of its own, which ends with this value.
struct Running(Child);

impl Running {
    fn start(data: &Path, config: &ConfigArgs) -> anyhow::Result<Self> {
        let courant = std::env::current_exe().context("cannot find this executable")?;
        let mut command = Command::new(courant);
        command.arg("run").arg("--data").arg(data).args(config.arguments());
        command.envs([("COURANT__SERVICE__HTTP_PORT", "0"), ("COURANT__SERVICE__GRPC_PORT", "0")]);
        command.env("COURANT__CRAWLER__SOURCES", "[]");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Self(command.spawn().context("cannot start courant run")?))
    }

    /// Waits until a search by meaning is answered, by vectors and not by words.
    async fn answers(&mut self, data: &Path) -> anyhow::Result<()> {
        let query = [("q", "first light".to_owned()), ("mode", "vector".to_owned())];
        let deadline = Instant::now() + TOO_LONG;
        while Instant::now() < deadline {
            if let Some(address) = data::noted_address(data) {
                let server = Server::at(&format!("http://{address}"))?;
                if let Ok(answer) = server.get("/v1/search", &query).await {
                    ensure!(answer["degraded"].is_null(), "the search was answered by words only");
                    return Ok(());
                }
            }
            self.still_runs()?;
            tokio::time::sleep(LOOK).await;
        }
        bail!("courant run answered no search within {} s", TOO_LONG.as_secs())
    }

    fn still_runs(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.0.try_wait().context("cannot watch courant run")? else {
            return Ok(());
        };
        let said = self.0.stderr.take().map(std::io::read_to_string).transpose()?;
        bail!("courant run ended with {status}: {}", said.unwrap_or_default().trim())
    }

    fn memory(&self) -> anyhow::Result<Option<Memory>> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))
            .context("cannot read the memory of courant run")?;
        let memory = Memory::parse(&status).context("the system does not state its memory")?;
        Ok(Some(memory))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It holds nothing but an empty temporary folder.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Memory {
    /// From Linux's `/proc/PID/status`.
    fn parse(status: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kib * 1024)
        };
        Some(Self { resident: bytes("VmRSS:")?, anonymous: bytes("RssAnon:")? })
    }
}

impl fmt::Display for Starts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seconds = self.seconds.clone();
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        let (first, last) = (seconds[0], seconds[seconds.len() - 1]);
        writeln!(out, "start to the first search by meaning answered, {} starts", seconds.len())?;
        writeln!(out, "  median {median:.3} s, from {first:.3} s to {last:.3} s")?;
        if let Some(Memory { resident, anonymous }) = self.idle {
            let mib = |bytes: u64| bytes >> 20;
            let (resident, own) = (mib(resident), mib(anonymous));
            writeln!(out, "memory when idle\n  {resident} MiB resident, {own} MiB of it its own")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_linux_states_it() {
        let status = "Name:\tcourant\nVmRSS:\t  197632 kB\nRssAnon:\t  132096 kB\nThreads:\t9\n";
        let memory = Memory::parse(status).unwrap();
        assert_eq!((memory.resident, memory.anonymous), (193 << 20, 129 << 20));
        assert!(Memory::parse("Name:\tcourant\n").is_none());
    }
}
