//! Measures another program that does the same work, in turn with this one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};

/// The argument `NAME=COMMAND`. Spaces separate the words of the command. The benchmark adds the
/// arguments that describe the work.
#[derive(Clone, Debug)]
pub(crate) struct PeerArg {
    pub(crate) name: String,
    command: Vec<String>,
}

impl FromStr for PeerArg {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let (name, command) = typed.split_once('=').ok_or("a peer is NAME=COMMAND")?;
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if name.is_empty() || command.is_empty() {
            return Err("a peer is NAME=COMMAND".into());
        }
        Ok(Self { name: name.to_owned(), command })
    }
}

/// A running peer that has loaded its data. For each line on its standard input, it does the work
/// once and answers with a line: the seconds that it took.
pub(crate) struct PeerProcess {
    name: String,
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl PeerProcess {
    pub(crate) fn start(arg: &PeerArg, further: &[String]) -> anyhow::Result<Self> {
        let PeerArg { name, command } = arg;
        let [program, arguments @ ..] = &command[..] else { bail!("{name} has no command") };
        let mut command = Command::new(program);
        command.args(arguments).args(further).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let ask = child.stdin.take().context("it has no standard input")?;
        let answers = BufReader::new(child.stdout.take().context("it has no standard output")?);
        Ok(Self { name: name.clone(), child, ask, answers })
    }

    /// Lets the peer do the work once, and returns the time that it took.
    pub(crate) fn time(&mut self) -> anyhow::Result<Duration> {
        let ended = || format!("{} has ended", self.name);
        self.ask.write_all(b"\n").and_then(|()| self.ask.flush()).with_context(ended)?;
        let mut answer = String::new();
        let length = self.answers.read_line(&mut answer).with_context(ended)?;
        if length == 0 {
            bail!("{} has ended", self.name);
        }
        let seconds =
            answer.trim().parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok());
        seconds.with_context(|| format!("{} answers {answer:?}, not seconds", self.name))
    }
}

impl Drop for PeerProcess {
    fn drop(&mut self) {
        // Killing is safe, because the peer stores nothing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_asked_a_line_at_a_time() {
        let arg: PeerArg = "sed=sed -u s/^$/0.5/".parse().unwrap();
        let mut peer = PeerProcess::start(&arg, &[]).unwrap();
        assert_eq!(peer.time().unwrap(), Duration::from_millis(500));
        assert_eq!(peer.time().unwrap(), Duration::from_millis(500));
    }

    #[test]
    fn a_peer_that_ends_or_answers_nonsense_is_an_error() {
        let mut ended = PeerProcess::start(&"true=true".parse().unwrap(), &[]).unwrap();
        assert!(ended.time().is_err());
        let mut echo = PeerProcess::start(&"sed=sed -u s/^$/soon/".parse().unwrap(), &[]).unwrap();
        assert!(echo.time().unwrap_err().to_string().contains("not seconds"));
        assert!("fast".parse::<PeerArg>().is_err());
    }
}
