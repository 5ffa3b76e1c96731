//! `courant-bench vectors`: measures the search for the nearest rows of a matrix, and spreading
//! activation over a graph, on one core.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use courant::{out, outln};
use courant_vectors::{Edge, Graph, Matrix, RowFormat, ScoredRow, Spreading, SpreadingScratch};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use crate::peer::PeerProcess;

mod calibrate;
mod scan;

pub(crate) use scan::VectorsArgs;
use scan::{QUERIES, time, unit};

/// The nodes of the graph. Each edge is followed in both directions.
const NODES: usize = 1_000;
const EDGES: usize = 10_000;
const SEEDS: usize = 5;
const SPREADING: Spreading = Spreading { hops: 3, decay: 0.5, threshold: 0.001 };
const BEST_NODES: usize = 20;
/// The number of spreadings that are timed together, because one takes only microseconds.
const SPREADS: u32 = 200;

#[derive(Debug, Serialize)]
struct Measured {
    rows: usize,
    dimension: usize,
    k: usize,
    scans: Vec<Scan>,
    /// The name of the peer, and the milliseconds of its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<(String, f64)>,
    spreading_microseconds: f64,
}

#[derive(Debug, Serialize)]
struct Scan {
    format: String,
    milliseconds: f64,
    /// The share of the exact nearest rows that the scan finds, 0 to 1.
    recall: f64,
    /// The peer's time divided by the scan's.
    #[serde(skip_serializing_if = "Option::is_none")]
    against_peer: Option<f64>,
}

/// Measures and prints the figures.
pub(crate) fn run(args: &VectorsArgs) -> anyhow::Result<()> {
    ensure!(
        args.rows > 0 && args.dimension > 0 && args.k > 0,
        "rows, dimension and k are 1 or more"
    );
    ensure!(
        args.rounds > 0 && args.dimension <= 65_536,
        "it takes a round, and 65536 values at most"
    );
    if args.calibrate {
        return calibrate::run(args);
    }
    let measured = measure(args)?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        out!("{measured}");
    }
    Ok(())
}

const FORMATS: [RowFormat; 4] =
    [RowFormat::F32, RowFormat::F16, RowFormat::Int8, RowFormat::Int8WithF32];

fn measure(args: &VectorsArgs) -> anyhow::Result<Measured> {
    let &VectorsArgs { rows, dimension, k, .. } = args;
    let mut random = StdRng::seed_from_u64(1);
    let mut matrices = FORMATS.map(|format| Matrix::with_format(dimension, format));
    for _ in 0..rows {
        let row = unit(&mut random, dimension);
        matrices.iter_mut().try_for_each(|matrix| matrix.push(&row).map(drop))?;
    }
    let queries: Vec<Vec<f32>> = (0..QUERIES).map(|_| unit(&mut random, dimension)).collect();
    let sizes = [rows, dimension, k, QUERIES].map(|size| size.to_string());
    let mut peer = args.peer.as_ref().map(|peer| PeerProcess::start(peer, &sizes)).transpose()?;
    let (mut ours, mut theirs) = ([Duration::MAX; FORMATS.len()], Duration::MAX);
    for _ in 0..args.rounds {
        for (best, matrix) in ours.iter_mut().zip(&matrices) {
            *best = (*best).min(time(matrix, &queries, k)?);
        }
        if let Some(peer) = &mut peer {
            theirs = theirs.min(peer.time()?);
        }
    }
    let exact = found(&matrices[0], &queries, k)?;
    let scan = |((format, matrix), took): ((RowFormat, &Matrix), Duration)| {
        anyhow::Ok(Scan {
            format: format!("{format:?}"),
            milliseconds: per_query(took),
            recall: recall(&exact, &found(matrix, &queries, k)?),
            against_peer: peer.is_some().then(|| theirs.as_secs_f64() / took.as_secs_f64()),
        })
    };
    Ok(Measured {
        rows,
        dimension,
        k,
        scans: FORMATS.into_iter().zip(&matrices).zip(ours).map(scan).collect::<Result<_, _>>()?,
        peer: args.peer.as_ref().map(|peer| (peer.name.clone(), per_query(theirs))),
        spreading_microseconds: spreading(args.rounds, &mut random)?,
    })
}

fn per_query(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3 / QUERIES as f64
}

fn found(matrix: &Matrix, queries: &[Vec<f32>], k: usize) -> anyhow::Result<Vec<Vec<ScoredRow>>> {
    let one = |query: &Vec<f32>| Ok(matrix.top_k(query, k, |_| true)?);
    queries.iter().map(one).collect()
}

/// Returns the share of the rows in `exact` that are in `found`, 0 to 1.
fn recall(exact: &[Vec<ScoredRow>], found: &[Vec<ScoredRow>]) -> f64 {
    let (mut hits, mut all) = (0, 0);
    for (exact, found) in exact.iter().zip(found) {
        all += exact.len();
        hits += exact.iter().filter(|it| found.iter().any(|other| other.row == it.row)).count();
    }
    hits as f64 / all as f64
}

/// Returns the microseconds of one spreading.
fn spreading(rounds: usize, random: &mut StdRng) -> anyhow::Result<f64> {
    let mut node = || random.random_range(0..NODES);
    let edges: Vec<Edge> = (0..EDGES)
        .map(|_| Edge { from: node(), to: node(), weight: 0.1 + node() as f32 / NODES as f32 })
        .collect();
    let graph = Graph::from_edges(NODES, &edges).context("cannot make the graph")?;
    let seeds: Vec<(usize, f32)> = (0..SEEDS).map(|seed| (seed * NODES / SEEDS, 1.0)).collect();
    let mut scratch = SpreadingScratch::default();
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let start = Instant::now();
        for _ in 0..SPREADS {
            black_box(graph.spread(&seeds, &SPREADING, BEST_NODES, &mut scratch)?);
        }
        best = best.min(start.elapsed() / SPREADS);
    }
    Ok(best.as_secs_f64() * 1e6)
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, dimension, k, .. } = self;
        writeln!(f, "the {k} nearest of {rows} rows of {dimension} values, one core\n")?;
        writeln!(f, "{:<14} {:>10} {:>8} {:>12}", "rows as", "ms", "recall", "against peer")?;
        for Scan { format, milliseconds, recall, against_peer } in &self.scans {
            let ratio = against_peer.map(|ratio| format!("{ratio:.2} ×")).unwrap_or_default();
            writeln!(f, "{format:<14} {milliseconds:>10.3} {recall:>8.3} {ratio:>12}")?;
        }
        if let Some((name, milliseconds)) = &self.peer {
            writeln!(f, "{name:<14} {milliseconds:>10.3} {:>8}", "1.000")?;
        }
        let microseconds = self.spreading_microseconds;
        let Spreading { hops, .. } = SPREADING;
        writeln!(
            f,
            "\nactivation over {NODES} nodes and {EDGES} edges, {hops} hops, the {BEST_NODES} best: \
             {microseconds:.1} µs"
        )
    }
}
