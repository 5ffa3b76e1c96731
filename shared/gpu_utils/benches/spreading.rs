//! Activation over a graph of 1,000 nodes and 10,000 edges, each walked in both
//! directions, in 3 hops from 5 seeds; the same on a CUDA device, where there is one.

use std::hint::black_box;

use courant_gpu_utils::cuda;
use courant_gpu_utils::cuda::kernels::Kernels;
use courant_gpu_utils::spreading::device::{DeviceGraph, SOURCE};
use courant_gpu_utils::spreading::{Edge, Graph, Scratch, Spreading};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};

const NODES: usize = 1_000;
const EDGES: usize = 10_000;
const SEEDS: usize = 5;

/// Edges between any two nodes.
fn edges() -> Vec<Edge> {
    let mut state = 12_345_u64;
    // Xorshift (Marsaglia, 2003).
    let mut draw = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % end
    };
    let weight = |drawn: usize| 0.1 + drawn as f32 / 100.0;
    (0..EDGES)
        .map(|_| Edge { from: draw(NODES), to: draw(NODES), weight: weight(draw(100)) })
        .collect()
}

/// On the first CUDA device, over a graph that stands there and one that is copied
/// each time; or a line that says why not.
fn on_device(group: &mut BenchmarkGroup<'_, WallTime>, graph: &Graph, seeds: &[(usize, f32)]) {
    let context = match cuda::open(0) {
        Ok(context) => context,
        Err(reason) => return eprintln!("not measured on a CUDA device: {reason}"),
    };
    let kernels = Kernels::compile(SOURCE, &context.default_stream()).expect("the kernels compile");
    let upload = || DeviceGraph::upload(graph, &kernels).expect("the device has room");
    let spreading = Spreading { hops: 3, decay: 0.5, threshold: 0.0 };
    let mut scratch = Scratch::default();
    let mut spread = |graph: &DeviceGraph| {
        graph.spread(black_box(seeds), &spreading, 20, &mut scratch).expect("it spreads")
    };
    let resident = upload();
    group.bench_function("cuda_top_20", |b| b.iter(|| spread(&resident)));
    group.bench_function("cuda_top_20_copied", |b| b.iter(|| spread(&upload())));
}

fn spreads(criterion: &mut Criterion) {
    let edges = edges();
    let graph = Graph::from_edges(NODES, &edges).expect("all edges are in range");
    let seeds: Vec<_> = (0..SEEDS).map(|i| (i * NODES / SEEDS, 1.0)).collect();
    let mut scratch = Scratch::default();
    let mut group = criterion.benchmark_group("spreading_1k_nodes_10k_edges_3_hops");
    for threshold in [0.0, 0.001] {
        let spreading = Spreading { hops: 3, decay: 0.5, threshold };
        for k in [20, NODES] {
            group.bench_function(format!("threshold_{threshold}_top_{k}"), |b| {
                b.iter(|| graph.spread(black_box(&seeds), &spreading, k, &mut scratch));
            });
        }
    }
    on_device(&mut group, &graph, &seeds);
    group.bench_function("build", |b| b.iter(|| Graph::from_edges(NODES, black_box(&edges))));
    group.finish();
}

criterion_group!(benches, spreads);
criterion_main!(benches);
