//! The arguments of tools that read and write one JSON object a line.

use std::num::NonZeroUsize;

use clap::Args;

/// Lines in, lines out.
#[derive(Debug, Args)]
pub(crate) struct JsonLines {
    /// Read and write one JSON object a line
    #[arg(long)]
    pub(crate) jsonl: bool,
    /// Threads that work on the lines
    #[arg(long, value_name = "N", default_value = "1", requires = "jsonl")]
    pub(crate) jobs: NonZeroUsize,
}

impl JsonLines {
    /// Refuses to go on without `--jsonl`, where there is no other form yet.
    pub(crate) fn require(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.jsonl, "say --jsonl: one JSON object a line on standard input");
        Ok(())
    }
}
