//! A server process that never outlives its test.
//!
//! A shell stands between the two: it ends the server when its standard input
//! closes, which the system does even if the test is killed.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The time within which a server must start.
const START: Duration = Duration::from_secs(30);

/// `$1` is the folder, `$2` the signal that ends the server, the rest its
/// command. What is read decides whether the folder stays.
const SCRIPT: &str = r#"
folder=$1; signal=$2; shift 2
"$@" >>"$folder/log" 2>&1 &
server=$!
echo "$server"
read -r word
kill -s "$signal" "$server" 2>/dev/null
wait "$server"
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A running server, its log in `log` of its folder.
#[derive(Debug)]
pub(super) struct Guarded {
    shell: Child,
    pid: String,
}

impl Guarded {
    /// Starts `command`, as another user where one is given, and waits until
    /// `is_ready`. `signal` ends it.
    pub(super) fn start(
        command: &[String],
        folder: &Path,
        signal: &str,
        user: Option<(u32, u32)>,
        environment: &[(&str, PathBuf)],
        is_ready: impl Fn() -> bool,
    ) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(folder).arg(signal).args(command);
        shell.envs(environment.iter().map(|(name, value)| (name, value)));
        shell.current_dir("/").process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some((user, group)) = user {
            shell.uid(user).gid(group);
        }
        let mut shell = shell.spawn()?;
        let mut pid = String::new();
        if let Some(output) = shell.stdout.take() {
            BufReader::new(output).read_line(&mut pid)?;
        }
        let guarded = Self { shell, pid: pid.trim().to_owned() };
        guarded.wait(folder, is_ready)?;
        Ok(guarded)
    }

    fn wait(&self, folder: &Path, is_ready: impl Fn() -> bool) -> io::Result<()> {
        let deadline = Instant::now() + START;
        while !is_ready() {
            if Instant::now() > deadline || !is_running(&self.pid) {
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the server did not start: {log}")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Sends a signal to the server, as `KILL` or `STOP`.
    pub(super) fn signal(&self, name: &str) -> io::Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.pid]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("the server has gone")) }
    }

    /// Ends the server; its folder stays where it is to start again.
    pub(super) fn stop(mut self, keep_folder: bool) -> io::Result<()> {
        if let Some(mut input) = self.shell.stdin.take()
            && keep_folder
        {
            input.write_all(b"keep\n")?;
        }
        self.shell.wait()?;
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        if let Err(error) = self.shell.wait() {
            eprintln!("a server may still run: {error}");
        }
    }
}

/// Returns true if the process exists and has not ended. An ended process stays listed as a
/// zombie until its parent waits for it.
pub(super) fn is_running(pid: &str) -> bool {
    let listed = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = listed.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// Returns the folder of the fetched servers: `COURANT_DEPS`, or `.deps` of the workspace.
pub(super) fn deps() -> PathBuf {
    if let Some(folder) = std::env::var_os("COURANT_DEPS") {
        return folder.into();
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().find(|folder| folder.join("Cargo.lock").exists());
    root.unwrap_or(here).join(".deps")
}
