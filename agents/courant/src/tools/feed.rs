//! `courant feed`: prints a feed as JSON.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use url::Url;

use crate::address::page_address;

#[derive(Debug, Args)]
pub(crate) struct FeedArgs {
    /// An RSS, Atom, RDF or JSON feed
    file: PathBuf,
    /// The URL that relative links are relative to
    #[arg(long, value_name = "U", value_parser = page_address)]
    base_url: Option<Url>,
}

/// Prints the feed as JSON.
pub(crate) fn run(args: &FeedArgs) -> anyhow::Result<()> {
    let name = args.file.display();
    let bytes = std::fs::read(&args.file).with_context(|| format!("cannot read {name}"))?;
    let feed = courant_extract::sources::feed(&bytes, None, args.base_url.as_ref())
        .with_context(|| format!("{name} is not a feed"))?;
    outln!("{}", serde_json::to_string_pretty(&feed)?);
    Ok(())
}
