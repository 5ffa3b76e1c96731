//! `courant index`: copies a search index, so that a new gateway does not make its own from nothing.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use courant_search::Search;

#[derive(Debug, Args)]
pub(crate) struct IndexArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Copy an index, also while a gateway keeps it, into a folder without one
    #[command(after_help = "Example:\n  courant index copy --from courant-data/index --to replica")]
    Copy(CopyArgs),
}

#[derive(Debug, Args)]
struct CopyArgs {
    /// The folder of the index: gateway.index_folder, or index in a data folder
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The folder of the copy: gateway.index_folder of the new gateway
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

pub(crate) fn run(args: &IndexArgs) -> anyhow::Result<()> {
    let Action::Copy(CopyArgs { from, to }) = &args.action;
    let (articles, bytes) = Search::copy_folder(from, to)
        .with_context(|| format!("cannot copy the index in {}", from.display()))?;
    outln!("copied {articles} articles, {:.1} MB, to {}", bytes as f64 / 1e6, to.display());
    Ok(())
}
