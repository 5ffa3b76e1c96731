//! Reads a command line, and says in one or two lines what is wrong with it.

use std::env;
use std::io::{ErrorKind as IoErrorKind, Write, stderr, stdout};
use std::path::PathBuf;
use std::process;

use clap::error::ErrorKind;
use clap::{Error, Parser};
use courant_config::in_plain_words;

/// The exit code for a command line that cannot be understood, as clap has it.
const MISUSED: i32 = 2;
/// The exit code of a command that failed.
const FAILED: i32 = 1;
/// The exit code when the reader of the help has gone: 128 plus the number of SIGPIPE.
const NOBODY_READS: i32 = 141;

/// Returns the command line of this process. The process ends after help, the version, or an
/// error.
pub fn command_line<C: Parser>() -> C {
    C::try_parse().unwrap_or_else(|error| process::exit(end(&error)))
}

/// Prints the help, the version, or the error. Returns the exit code.
fn end(error: &Error) -> i32 {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            match error.print().and_then(|()| stdout().flush()) {
                Ok(()) => error.exit_code(),
                Err(unwritten) if unwritten.kind() == IoErrorKind::BrokenPipe => NOBODY_READS,
                Err(unwritten) => {
                    tell(&format!("{}: cannot write the output: {unwritten}", program()));
                    FAILED
                }
            }
        }
        _ => {
            tell(&usage_error(&program(), error));
            MISUSED
        }
    }
}

/// The name by which this process was called.
fn program() -> String {
    let called = env::args_os().next().map(PathBuf::from);
    let name = called.as_ref().and_then(|path| path.file_name());
    name.map_or_else(|| "courant".into(), |name| name.to_string_lossy().into_owned())
}

/// Writes to the standard error, even if nobody reads it.
fn tell(message: &str) {
    drop(writeln!(stderr(), "{message}"));
}

/// Returns an error of a command line with its tips in one line, and the usage in another one.
pub fn usage_error(program: &str, error: &Error) -> String {
    let told = error.render().to_string();
    let mut parts = told.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>());
    let first = parts.next().unwrap_or_default().join(" ");
    let mut wrong = first.trim_start_matches("error: ").to_owned();
    if error.kind() == ErrorKind::ValueValidation {
        wrong = in_plain_words(&wrong);
    }
    let mut usage = String::from("--help explains the arguments");
    for part in parts.map(|words| words.join(" ")) {
        if let Some(tip) = part.strip_prefix("tip: ") {
            wrong = format!("{wrong}; {tip}");
        } else if let Some(line) = part.strip_prefix("Usage: ") {
            usage = format!("usage: {line}  ({usage})");
        }
    }
    format!("{program}: {wrong}\n{usage}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentArgs;

    #[test]
    fn a_misused_agent_says_what_is_wrong_in_two_lines() {
        for (arguments, wrong) in [
            (&["--confg", "a.toml"][..], "unexpected argument '--confg' found; a similar"),
            (&["--config"], "a value is required for '--config <FILE>'"),
            (&["now"], "unexpected argument 'now' found"),
        ] {
            let arguments = [&["courant-storage"], arguments].concat();
            let error = AgentArgs::try_parse_from(arguments).unwrap_err();
            let told = usage_error("courant-storage", &error);
            assert!(told.starts_with("courant-storage: ") && told.contains(wrong), "{told}");
            assert!(told.lines().count() == 2 && told.contains("--help"), "{told}");
        }
    }
}
