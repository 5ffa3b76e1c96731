//! The `courant` command.

use std::process::ExitCode;

use clap::Parser;
use courant::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error and its causes in one line: "cannot open the store: the disk is full".
            eprintln!("courant: {error:#}");
            ExitCode::FAILURE
        }
    }
}
