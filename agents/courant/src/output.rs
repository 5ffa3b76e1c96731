//! The output of the commands.

use std::fmt::Arguments;
use std::io::{Write, stdout};
use std::process;

/// As programs end whose reader has gone: 128 and the number of SIGPIPE.
const NOBODY_READS: i32 = 141;

/// Writes to the standard output. Where nobody reads it any more, as behind `| head`,
/// the process ends: `println!` would panic.
pub fn print(text: Arguments<'_>) {
    let mut out = stdout().lock();
    if out.write_fmt(text).and_then(|()| out.flush()).is_err() {
        process::exit(NOBODY_READS);
    }
}

/// `print!` for whoever still reads.
#[macro_export]
macro_rules! out {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

/// `println!` for whoever still reads.
#[macro_export]
macro_rules! outln {
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}
