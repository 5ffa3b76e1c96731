//! The `courant` command.

use std::process::ExitCode;

use courant::{noteln, usage};

fn main() -> ExitCode {
    match usage::command_line().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error and its causes in one line: "cannot open the store: the disk is full".
            noteln!("courant: {}", courant_service::in_one_line(&error));
            ExitCode::FAILURE
        }
    }
}
