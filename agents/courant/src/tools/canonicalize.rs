//! `courant canonicalize`

use std::io::{self, BufRead, Write};

/// Prints a canonical URL per URL on standard input, an empty line where invalid.
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
