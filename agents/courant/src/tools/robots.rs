//! `courant robots`: tells if a robots.txt allows URLs.

use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use courant_extract::sources::Robots;
use url::Url;

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
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let url = Url::parse(line.trim()).with_context(|| format!("{line:?} is no URL"))?;
        let word = if robots.allows(&url) { "allow" } else { "disallow" };
        writeln!(out, "{word}\t{line}")?;
    }
    Ok(out.flush()?)
}
