//! The `courant-bench` command.

use std::process::ExitCode;

use courant_bench::Cli;

fn main() -> ExitCode {
    match courant_service::command_line::<Cli>().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error and its causes in one line: "cannot open the store: the disk is full".
            eprintln!("courant-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
