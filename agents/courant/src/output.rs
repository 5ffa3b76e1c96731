//! Prints the output of the commands.

use std::fmt::Arguments;
use std::io::{Write, stdout};
use std::process;

/// The exit code when the reader of the output has gone: 128 plus the number of SIGPIPE.
const NOBODY_READS: i32 = 141;

/// Writes to the standard output. The process ends if nobody reads it any more, as with `| head`.
/// `println!` would panic in this case.
pub fn print(text: Arguments<'_>) {
    let mut out = stdout().lock();
    if out.write_fmt(text).and_then(|()| out.flush()).is_err() {
        process::exit(NOBODY_READS);
    }
}

/// Prints like `print!`, but ends the process instead of panicking if nobody reads the output.
#[macro_export]
macro_rules! out {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

/// Prints like `println!`, but ends the process instead of panicking if nobody reads the output.
#[macro_export]
macro_rules! outln {
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}
