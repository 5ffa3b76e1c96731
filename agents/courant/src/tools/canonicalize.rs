//! `courant canonicalize`: prints the canonical form of URLs.

use std::io::{self, BufRead, Write};

/// Prints the canonical form of each URL on standard input, or an empty line if it is invalid.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        match courant_dedup::canonicalize(line?.trim()) {
            Ok(url) => writeln!(out, "{url}")?,
            Err(_) => writeln!(out)?,
        }
    }
    Ok(out.flush()?)
}
