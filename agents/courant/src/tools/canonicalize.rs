//! `courant canonicalize`: prints the canonical form of URLs.

use std::io::{self, BufRead, Write};

use crate::{jsonl, output};

/// Prints the canonical form of each URL on standard input, or an empty line if it is invalid.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut out = output::lines();
    for line in (1..).zip(io::stdin().lock().lines()) {
        let (_, line) = jsonl::numbered(line)?;
        match courant_dedup::canonicalize(line.trim()) {
            Ok(url) => writeln!(out, "{url}")?,
            Err(_) => writeln!(out)?,
        }
    }
    Ok(out.flush()?)
}
