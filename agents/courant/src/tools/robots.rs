//! `courant robots`: tells if a robots.txt allows URLs.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use courant_extract::sources::Robots;

use crate::address::page_address;
use crate::{jsonl, output};

#[derive(Debug, Args)]
pub(crate) struct RobotsArgs {
    /// The product token of the crawler
    #[arg(long, value_name = "A")]
    user_agent: String,
    /// A robots.txt
    #[arg(value_name = "ROBOTS_FILE")]
    file: PathBuf,
}

/// Prints `allow` or `disallow`, a tab and the URL, for each URL on standard input.
pub(crate) fn run(args: &RobotsArgs) -> anyhow::Result<()> {
    let bytes = std::fs::read(&args.file)
        .with_context(|| format!("cannot read {}", args.file.display()))?;
    let robots = Robots::parse(&bytes, &args.user_agent);
    let mut out = output::lines();
    for line in (1..).zip(io::stdin().lock().lines()) {
        let (number, line) = jsonl::numbered(line)?;
        let url = page_address(&line);
        let url = url.map_err(|wrong| anyhow!("line {number}: {line:?} is {wrong}"))?;
        let word = if robots.allows(&url) { "allow" } else { "disallow" };
        writeln!(out, "{word}\t{line}")?;
    }
    Ok(out.flush()?)
}
