//! The project's own programs as child processes.

use std::ffi::OsStr;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use courant::figures::Figures;

/// One of the project's binaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `courant`
    Courant,
    /// `courant-crawler`, …
    Agent(&'static str),
}

impl Program {
    /// The binary, beside this test or in `COURANT_BIN`.
    fn path(self) -> anyhow::Result<PathBuf> {
        let name = match self {
            Self::Courant => "courant".to_owned(),
            Self::Agent(agent) => format!("courant-{agent}"),
        };
        let folder = match std::env::var_os("COURANT_BIN") {
            Some(folder) => PathBuf::from(folder),
            None => {
                let test = std::env::current_exe()?;
                test.ancestors().nth(2).context("a test lies in target/PROFILE/deps")?.to_owned()
            }
        };
        let path = folder.join(&name);
        ensure!(path.is_file(), "no {}: build it with cargo build --workspace", path.display());
        Ok(path)
    }

    /// A command for it, without the configuration of whoever runs the test.
    pub fn command(self) -> anyhow::Result<Command> {
        let mut command = Command::new(self.path()?);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COURANT_") && name != "COURANT_DEPS" {
                command.env_remove(name);
            }
        }
        command.env("COURANT_DEPS", crate::deps()).stdin(Stdio::null());
        Ok(command)
    }
}

/// A port of loopback that nobody uses now.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A client for what listens on loopback.
///
/// # Panics
/// If there is no room for one.
pub fn http() -> reqwest::Client {
    // Fails only where it was installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let limit = Duration::from_secs(30);
    reqwest::Client::builder().timeout(limit).build().expect("a client for loopback")
}

/// Waits until `condition` holds.
///
/// # Errors
/// If it does not within `limit`, or if it fails.
pub async fn until(
    what: &str,
    limit: Duration,
    mut condition: impl AsyncFnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + limit;
    while !condition().await? {
        if Instant::now() > deadline {
            bail!("{what}: not within {limit:?}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A running agent, or the whole pipeline in one.
pub struct AgentProcess {
    name: String,
    command: Command,
    process: Child,
    log: PathBuf,
    /// The port of its probes and metrics.
    pub http: u16,
    /// The port of its gRPC services.
    pub grpc: u16,
}

impl AgentProcess {
    /// Starts `command` with ports of its own; it writes to `NAME.log` in `folder`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(name: &str, mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let (http, grpc) = (free_port()?, free_port()?);
        command.env("COURANT__SERVICE__HTTP_PORT", http.to_string());
        command.env("COURANT__SERVICE__GRPC_PORT", grpc.to_string());
        let log = folder.join(format!("{name}.log"));
        let process = spawn(&mut command, &log)?;
        Ok(Self { name: name.to_owned(), command, process, log, http, grpc })
    }

    /// Ends it at once (SIGKILL), as a crash would.
    ///
    /// # Errors
    /// If it cannot be killed.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again after [`Self::kill`], with the same ports.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.process = spawn(&mut self.command, &self.log)?;
        Ok(())
    }

    /// Sets a variable of its environment for the next start.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.command.env(name, value);
    }

    /// Asks it to drain (SIGTERM) and waits for its end.
    ///
    /// # Errors
    /// If it does not end within a minute.
    pub async fn drain(&mut self) -> anyhow::Result<ExitStatus> {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-s", "TERM", &id]).status()?;
        self.ended(Duration::from_secs(60)).await
    }

    /// Its exit status, once it has ended by itself.
    ///
    /// # Errors
    /// If it has not within `limit`, with its log.
    pub async fn ended(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let what = format!("{} ends", self.name);
        let waited = until(&what, limit, async || Ok(self.process.try_wait()?.is_some())).await;
        waited.with_context(|| self.log())?;
        self.process.try_wait()?.context("has ended")
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// If it ends before, or does not within a minute: with its log.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let url = format!("http://127.0.0.1:{}/readyz", self.http);
        let client = http();
        let name = self.name.clone();
        let what = format!("{name} is ready");
        let waited = until(&what, Duration::from_secs(60), async || {
            if let Some(status) = self.process.try_wait()? {
                bail!("{name} ended with {status}");
            }
            let answer = client.get(&url).timeout(Duration::from_secs(5)).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()))
        })
        .await;
        waited.with_context(|| self.log())
    }

    /// Its metrics as they are now; `None` while it does not answer.
    pub async fn figures(&self) -> Option<Figures> {
        let url = format!("http://127.0.0.1:{}/metrics", self.http);
        let answer = http().get(url).timeout(Duration::from_secs(5)).send().await;
        Some(Figures::parse(&answer.ok()?.text().await.ok()?))
    }

    /// Returns its log, under a heading with its name.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        format!("--- log of {} ---\n{log}", self.name)
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        // It may have ended before.
        drop(self.kill());
    }
}

fn spawn(command: &mut Command, log: &Path) -> anyhow::Result<Child> {
    let log = File::options().create(true).append(true).open(log)?;
    command.stdout(log.try_clone()?).stderr(log);
    command.spawn().with_context(|| format!("cannot start {command:?}"))
}
