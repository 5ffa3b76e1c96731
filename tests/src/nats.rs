//! A NATS server for tests: on a free port, with a store of its own, killed and
//! restarted at will, gone when dropped.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// The time within which the server must answer.
const READY: Duration = Duration::from_secs(20);

/// When the server flushes what it acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Before it acknowledges.
    Always,
    /// At times: a crash of the machine would lose something, one of the server not.
    Sometimes,
}

/// A running server.
pub struct NatsServer {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl NatsServer {
    /// Starts a server with an empty store.
    ///
    /// # Errors
    /// If the server is not installed, or does not answer within 20 s: with its log.
    pub async fn start(sync: Sync) -> Result<Self> {
        Self::start_with(sync, "").await
    }

    /// The same with further lines of its configuration.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_with(sync: Sync, lines: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let configuration = configuration(folder.path(), port, sync) + lines;
        std::fs::write(folder.path().join("nats.conf"), configuration)?;
        let process = spawn(folder.path())?;
        let mut server = Self { process, port, folder };
        server.ready().await?;
        Ok(server)
    }

    /// Returns the URL at which it listens.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it at once (SIGKILL), as a crash would. The store stays.
    ///
    /// # Errors
    /// If the process cannot be killed.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait().map(|_| ())
    }

    /// Starts it again after [`Self::kill`], on the same port and store.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&mut self) -> Result<()> {
        self.process = spawn(self.folder.path())?;
        self.ready().await
    }

    /// Until it greets.
    async fn ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY;
        loop {
            if greeted(self.port).await {
                return Ok(());
            }
            let ended = self.process.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.path().join("nats.log"))?;
                return Err(Error::other(format!("nats-server does not answer: {ended:?}\n{log}")));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ended = self.kill();
    }
}

async fn greeted(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else {
        return false;
    };
    let mut greeting = [0; 5];
    let read = tokio::time::timeout(Duration::from_secs(2), stream.read_exact(&mut greeting));
    matches!(read.await, Ok(Ok(_))) && &greeting == b"INFO "
}

fn configuration(folder: &Path, port: u16, sync: Sync) -> String {
    let sync = if sync == Sync::Always { "always" } else { "2m" };
    let store = folder.join("store");
    format!(
        "listen: \"127.0.0.1:{port}\"\n\
         jetstream {{ store_dir: \"{}\", sync_interval: {sync}, max_file_store: 64GB }}\n",
        store.display()
    )
}

fn spawn(folder: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join("nats.log"))?;
    Command::new(binary()?)
        .arg("--config")
        .arg(folder.join("nats.conf"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

/// In `COURANT_DEPS`, or in `.deps` of the checkout.
fn binary() -> Result<PathBuf> {
    let checkout = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.deps"));
    let deps = std::env::var_os("COURANT_DEPS").map_or_else(checkout, PathBuf::from);
    let path = deps.join("bin/nats-server");
    if path.is_file() {
        return Ok(path);
    }
    let missing = format!("no nats-server at {}: run `make deps` first", path.display());
    Err(Error::new(ErrorKind::NotFound, missing))
}
