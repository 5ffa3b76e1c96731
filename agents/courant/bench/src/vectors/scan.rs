//! The arguments of the scans, and their timing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use clap::Args;
use courant::config_args::ConfigArgs;
use courant_vectors::Matrix;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::peer::PeerArg;

/// The number of queries whose results are compared with the exact ones.
pub(super) const QUERIES: usize = 20;

#[derive(Debug, Args)]
pub(crate) struct VectorsArgs {
    /// Rows of the matrix
    #[arg(long, value_name = "N", default_value = "100000")]
    pub(super) rows: usize,
    /// Values per row
    #[arg(long, value_name = "N", default_value = "384")]
    pub(super) dimension: usize,
    /// The number of nearest rows to find
    #[arg(short, long, value_name = "N", default_value = "10")]
    pub(super) k: usize,
    /// Rounds of 20 queries each; the best round of each counts, as others may use the
    /// processor
    #[arg(long, value_name = "N", default_value = "5")]
    pub(super) rounds: usize,
    /// NAME=COMMAND of a program to measure in turn: it is given ROWS, DIMENSION, K and
    /// the number of queries, and answers each line with the seconds that they took
    #[arg(long, value_name = "PEER")]
    pub(super) peer: Option<PeerArg>,
    /// Instead, sweep from 16 rows to `--rows` on the CPU and the GPU, and print the
    /// `[gpu.hybrid]` that follows
    #[arg(long, conflicts_with = "peer")]
    pub(super) calibrate: bool,
    /// The numbers of rows that the scans really have, as `400,90000,120000`: where most have fewer
    /// than the sweep suggests, it suggests fewer
    #[arg(long, value_name = "N,…", value_delimiter = ',', requires = "calibrate")]
    pub(super) batches: Vec<usize>,
    /// Print the figures as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

pub(super) fn time(matrix: &Matrix, queries: &[Vec<f32>], k: usize) -> anyhow::Result<Duration> {
    let start = Instant::now();
    for query in queries {
        black_box(matrix.top_k(query, k, |_| true)?);
    }
    Ok(start.elapsed())
}

/// Returns a random vector of unit length. Each value is the sum of four draws, which is close to
/// a normal distribution, so that every direction is about equally likely.
pub(super) fn unit(random: &mut StdRng, dimension: usize) -> Vec<f32> {
    let mut draw = || (0..4).map(|_| random.random::<f32>() - 0.5).sum::<f32>();
    let values: Vec<f32> = (0..dimension).map(|_| draw()).collect();
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter().map(|value| value / norm).collect()
}
