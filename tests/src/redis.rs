//! Redis for a test, on a socket of its own.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use tempfile::TempDir;

use super::guarded::{Guarded, deps};

/// A server that ends with this value, and keeps nothing.
#[derive(Debug)]
pub struct Redis {
    /// `None` between a stop and the next start.
    server: Option<Guarded>,
    folder: TempDir,
}

impl Redis {
    /// Starts an empty server: `redis-server` of the dependencies' folder, else
    /// of the `PATH`.
    ///
    /// # Errors
    /// If there is none, or it does not start.
    pub fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("courant-redis-").tempdir()?;
        let mut redis = Self { server: None, folder };
        redis.restart()?;
        Ok(redis)
    }

    /// The address.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Ends the server as a crash does.
    ///
    /// # Errors
    /// If it does not run.
    pub fn kill(&mut self) -> io::Result<()> {
        let Some(server) = self.server.take() else {
            return Ok(());
        };
        server.signal("KILL")?;
        server.stop(true)
    }

    /// Sends a signal: after `STOP` connections stay open and nothing answers,
    /// until `CONT`.
    ///
    /// # Errors
    /// If it does not run.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        self.server.as_ref().map_or(Ok(()), |server| server.signal(name))
    }

    /// Starts an empty server again in the same place.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill()?;
        let socket = self.socket();
        let folder = self.folder.path().display().to_string();
        let fetched = deps().join("bin/redis-server");
        let program = if fetched.exists() { fetched } else { "redis-server".into() };
        let command: Vec<String> = [
            &program.display().to_string(),
            "--port",
            "0",
            "--unixsocket",
            &socket.display().to_string(),
            "--dir",
            &folder,
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        .map(str::to_owned)
        .into();
        let is_ready = || UnixStream::connect(&socket).is_ok();
        let server = Guarded::start(&command, self.folder.path(), "KILL", None, &[], is_ready)?;
        self.server = Some(server);
        Ok(())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}
