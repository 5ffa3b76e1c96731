//! The arguments of tools that read and write one JSON object per line.

use std::num::NonZeroUsize;

use clap::Args;

/// Lines in, lines out.
#[derive(Debug, Args)]
pub(crate) struct JsonLines {
    /// Read and write one JSON object a line; the only form where there is no other
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// Threads that work on the lines
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) jobs: NonZeroUsize,
}
