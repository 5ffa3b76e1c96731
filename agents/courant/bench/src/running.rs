//! Starts `courant run` in its own process, for the benchmarks.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use courant::config_args::ConfigArgs;
use courant::data;
use courant::http::Server;
use serde::Serialize;

/// The longest time for a start. A start that takes longer has failed.
const TOO_LONG: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(2);

/// A pipeline in its own process, which ends when this is dropped.
pub(crate) struct RunningPipeline(Child);

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct ProcessMemory {
    /// The bytes in memory, including mapped files.
    pub(crate) resident: u64,
    /// The bytes of `resident` that no file backs.
    pub(crate) anonymous: u64,
}

impl RunningPipeline {
    /// Starts the `courant` beside this executable, without sources, on free ports. `set` overrides
    /// the configuration.
    pub(crate) fn start(
        data: &Path,
        config: &ConfigArgs,
        set: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let courant = beside_this_executable("courant")?;
        let mut command = Command::new(&courant);
        command.arg("run").arg("--data").arg(data).args(config.arguments());
        command.envs([("COURANT__SERVICE__HTTP_PORT", "0"), ("COURANT__SERVICE__GRPC_PORT", "0")]);
        command.env("COURANT__CRAWLER__SOURCES", "[]").envs(set.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let started = command.spawn();
        Ok(Self(started.with_context(|| format!("cannot start {}", courant.display()))?))
    }

    /// Waits until a search by vectors is answered. Returns the address of the service.
    pub(crate) async fn answers(&mut self, data: &Path) -> anyhow::Result<String> {
        let query = [("q", "first light".to_owned()), ("mode", "vector".to_owned())];
        let deadline = Instant::now() + TOO_LONG;
        while Instant::now() < deadline {
            if let Some(address) = data::noted_address(data) {
                let base = format!("http://{address}");
                if let Ok(answer) = Server::at(&base)?.get("/v1/search", &query).await {
                    ensure!(answer["degraded"].is_null(), "the search was answered by words only");
                    return Ok(base);
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

    /// Returns the memory of the process; `None` if the system does not say.
    pub(crate) fn memory(&self) -> anyhow::Result<Option<ProcessMemory>> {
        let Some(status) = self.proc("status")? else { return Ok(None) };
        let memory =
            ProcessMemory::parse(&status).context("the system does not state its memory")?;
        Ok(Some(memory))
    }

    /// Returns the processor time since the start of the process; `None` if the system does not
    /// say.
    pub(crate) fn processor_time(&self) -> anyhow::Result<Option<Duration>> {
        let Some(stat) = self.proc("stat")? else { return Ok(None) };
        let time = processor_time(&stat).context("the system does not state its time")?;
        Ok(Some(time))
    }

    fn proc(&self, file: &str) -> anyhow::Result<Option<String>> {
        if !cfg!(target_os = "linux") {
            return Ok(None);
        }
        let path = format!("/proc/{}/{file}", self.0.id());
        let text = std::fs::read_to_string(path).context("cannot look at courant run")?;
        Ok(Some(text))
    }
}

/// Returns the path of another program of this workspace. Cargo puts them into one folder.
fn beside_this_executable(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("cannot find this executable")?;
    Ok(this.with_file_name(name).with_extension(std::env::consts::EXE_EXTENSION))
}

impl Drop for RunningPipeline {
    fn drop(&mut self) {
        // Killing is safe, because its data folder is temporary.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl ProcessMemory {
    /// Parses Linux's `/proc/PID/status`.
    fn parse(status: &str) -> Option<Self> {
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kib * 1024)
        };
        Some(Self { resident: bytes("VmRSS:")?, anonymous: bytes("RssAnon:")? })
    }
}

/// Returns the user and system time from Linux's `/proc/PID/stat`, whose clock ticks 100 times a
/// second.
fn processor_time(stat: &str) -> Option<Duration> {
    // The name before the last parenthesis may contain spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_linux_states_it() {
        let status = "Name:\tcourant\nVmRSS:\t  197632 kB\nRssAnon:\t  132096 kB\nThreads:\t9\n";
        let memory = ProcessMemory::parse(status).unwrap();
        assert_eq!((memory.resident, memory.anonymous), (193 << 20, 129 << 20));
        assert!(ProcessMemory::parse("Name:\tcourant\n").is_none());
    }

    #[test]
    fn processor_time_is_read_as_linux_states_it() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 9 0 12345 1 2";
        assert_eq!(processor_time(stat), Some(Duration::from_secs(3)));
        assert_eq!(processor_time("7 (a) S 1"), None);
    }
}
