//! The arguments of the commands.

use std::path::PathBuf;

use clap::Args;

/// The arguments of the measures.
#[derive(Debug, Args)]
pub(crate) struct MultilingualArgs {
    /// The most rows of each language of a set
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub(super) most: usize,
    /// The head for topics, in place of the one that comes with Courant
    #[arg(long, value_name = "FILE")]
    pub(super) topics: Option<PathBuf>,
    /// The head for sentiment, in place of the one that comes with Courant
    #[arg(long, value_name = "FILE")]
    pub(super) sentiment: Option<PathBuf>,
}

/// The arguments of the training of topics.
#[derive(Debug, Args)]
pub(crate) struct TrainLanguagesArgs {
    /// Sentences by topic: a line with a code, then one sentence a line
    #[arg(long, value_name = "FILE", default_value = "evals/data/topic-examples.txt")]
    pub(super) examples: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The most rows of each language of a set
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(super) most: usize,
}
