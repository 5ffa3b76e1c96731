//! Prints the output of the commands.

use std::fmt::Arguments;
use std::io::{self, BufWriter, ErrorKind, Write, stderr, stdout};
use std::process;

/// The exit code when the reader of the output has gone: 128 plus the number of SIGPIPE.
const NOBODY_READS: i32 = 141;
/// The exit code of a command that failed.
const FAILED: i32 = 1;

/// Writes to the standard output. The process ends if it cannot, where `println!` would panic: with
/// one line on the standard error, or silently if nobody reads the output any more, as with
/// `| head`.
pub fn print(text: Arguments<'_>) {
    let mut out = stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        end(&error);
    }
}

/// Writes to the standard error. The command goes on if nobody reads it, where `eprintln!` would
/// panic.
pub fn note(text: Arguments<'_>) {
    let mut out = stderr().lock();
    drop(out.write_fmt(text).and_then(|()| out.flush()));
}

/// Returns a writer to the standard output for many lines. It ends the process as [`print()`] does
/// if the output cannot be written.
pub(crate) fn lines() -> impl Write {
    BufWriter::new(StandardOutput)
}

struct StandardOutput;

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        stdout().write(bytes).or_else(|error| end(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        stdout().flush().or_else(|error| end(&error))
    }
}

/// Ends the process because its output cannot be written, as [`print()`] does.
pub(crate) fn end(error: &io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        process::exit(NOBODY_READS);
    }
    note(format_args!("courant: cannot write the output: {error}\n"));
    process::exit(FAILED);
}

/// Prints like `print!`, but ends the process instead of panicking if the output cannot be written.
#[macro_export]
macro_rules! out {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

/// Prints like `println!`, but ends the process instead of panicking if the output cannot be
/// written.
#[macro_export]
macro_rules! outln {
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints like `eprintln!`, but goes on instead of panicking if nobody reads it.
#[macro_export]
macro_rules! noteln {
    ($($text:tt)*) => { $crate::output::note(format_args!("{}\n", format_args!($($text)*))) };
}
