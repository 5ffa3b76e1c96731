//! Reads the command line, and says in one or two lines what is wrong with it.

use std::io::{Write, stdout};
use std::process;

use clap::error::ErrorKind;
use clap::{Error, Parser};
use courant_config::in_plain_words;

use crate::cli::Cli;
use crate::output;

/// The exit code for a command line that cannot be understood, as clap has it.
const MISUSED: i32 = 2;

/// Returns the command line. The process ends after help, the version, or an error.
pub fn command_line() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| end(&error))
}

fn end(error: &Error) -> ! {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            match error.print().and_then(|()| stdout().flush()) {
                Ok(()) => process::exit(error.exit_code()),
                Err(error) => output::end(&error),
            }
        }
        _ => {
            noteln!("{}", in_two_lines(error));
            process::exit(MISUSED);
        }
    }
}

/// Returns the error with its tips in one line, and the usage in another one.
fn in_two_lines(error: &Error) -> String {
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
    format!("courant: {wrong}\n{usage}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arguments: &[&str]) -> String {
        let arguments = [&["courant"], arguments].concat();
        in_two_lines(&Cli::try_parse_from(arguments).unwrap_err())
    }

    #[test]
    fn a_misused_command_says_what_is_wrong_in_two_lines() {
        for (arguments, wrong) in [
            (&["related"][..], "not provided: <ID>"),
            (&["serach", "rain"], "unrecognized subcommand 'serach'; some similar"),
            (&["search", "rain", "--kk", "3"], "unexpected argument '--kk' found"),
            (&["search", "rain", "--mode", "txt"], "[possible values: hybrid, vector, text]"),
            (&["search", "rain", "-k", "many"], "'many' for '-k <N>': not a whole number"),
            (&["embed", "--jobs", "0"], "less than 1"),
            (&["extract", "a.html", "--url", "a.html"], "write it as https://example.com/a"),
            (&["admin", "printer", "status"], "crawler"),
        ] {
            let told = told(arguments);
            assert!(told.starts_with("courant: ") && told.contains(wrong), "{told}");
            assert!(told.lines().count() <= 2 && told.contains("--help"), "{told}");
            assert!(!told.contains("error:"), "{told}");
        }
    }
}
