//! Activation over a graph of 1,000 nodes and 10,000 edges, each walked in both
//! directions, in 3 hops from 5 seeds.

use std::hint::black_box;

use courant_vectors::{Edge, Graph, Spreading, SpreadingScratch};
use criterion::{Criterion, criterion_group, criterion_main};

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

fn spreads(criterion: &mut Criterion) {
    let edges = edges();
    let graph = Graph::from_edges(NODES, &edges).expect("all edges are in range");
    let seeds: Vec<_> = (0..SEEDS).map(|i| (i * NODES / SEEDS, 1.0)).collect();
    let mut scratch = SpreadingScratch::default();
    let mut group = criterion.benchmark_group("spreading_1k_nodes_10k_edges_3_hops");
    for threshold in [0.0, 0.001] {
        let spreading = Spreading { hops: 3, decay: 0.5, threshold };
        for k in [20, NODES] {
            group.bench_function(format!("threshold_{threshold}_top_{k}"), |b| {
                b.iter(|| graph.spread(black_box(&seeds), &spreading, k, &mut scratch));
            });
        }
    }
    group.bench_function("build", |b| b.iter(|| Graph::from_edges(NODES, black_box(&edges))));
    group.finish();
}

criterion_group!(benches, spreads);
criterion_main!(benches);
