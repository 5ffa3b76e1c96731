//! A matrix that follows its changes on a device, and activation that spreads there.
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use courant_gpu_utils::Config;
use courant_gpu_utils::hybrid::Metrics;
use courant_gpu_utils::similarity::{HybridMatrix, Matrix};
use courant_gpu_utils::spreading::{Edge, Graph, HybridSpreading, Scratch, Spreading};
use courant_telemetry::Meters;

const DIMENSION: usize = 96;
const ROWS: usize = 20_000;

/// Small integers, so that sums are exact in any order.
fn vector(seed: usize) -> Vec<f32> {
    (0..DIMENSION).map(|i| ((seed * 31 + i * 17 + seed * i) % 7) as f32 - 3.0).collect()
}

fn filled() -> (HybridMatrix, Matrix, Meters) {
    let meters = Meters::new("test").unwrap();
    let mut hybrid = HybridMatrix::new(Matrix::new(DIMENSION), Metrics::new(&meters.meter()));
    let mut plain = Matrix::new(DIMENSION);
    for row in 0..ROWS {
        hybrid.push(&vector(row)).unwrap();
        plain.push(&vector(row)).unwrap();
    }
    (hybrid, plain, meters)
}

/// Searches often enough that both devices are tried, and changes rows between.
fn finds_the_same(hybrid: &mut HybridMatrix, plain: &mut Matrix) {
    for round in 0..20 {
        let admit = |row: usize| !row.is_multiple_of(3);
        let query = vector(round * 7 + 1);
        assert_eq!(hybrid.top_k(&query, 50, admit), plain.top_k(&query, 50, admit), "{round}");
        let (row, values) = (round * 600, vector(ROWS + round));
        hybrid.set(row, &values).unwrap();
        plain.set(row, &values).unwrap();
        assert_eq!(hybrid.push(&query), plain.push(&query));
    }
}

#[test]
fn without_a_device_the_cpu_scans_and_every_scan_is_counted() {
    let (mut hybrid, mut plain, meters) = filled();
    hybrid.use_gpu(&Config { force_cpu: true, ..Config::default() }, &meters.meter()).unwrap();
    finds_the_same(&mut hybrid, &mut plain);
    let text = meters.render().unwrap();
    let counted = r#"courant_gpu_batch_items_count{device="cpu",operation="top_k"} 20"#;
    assert!(text.contains(counted) && !text.contains("courant_gpu_launch"), "{text}");
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_device_that_follows_changes_finds_what_the_cpu_does() {
    let (mut hybrid, mut plain, meters) = filled();
    hybrid.use_gpu(&Config::default(), &meters.meter()).unwrap();
    finds_the_same(&mut hybrid, &mut plain);
    let text = meters.render().unwrap();
    assert!(text.contains(r#"courant_gpu_launch_total{operation="top_k"}"#), "{text}");
    assert!(text.contains(r#"courant_gpu_fallback_total{operation="top_k"} 0"#), "{text}");
}

const NODES: usize = 5_000;
const EDGES: usize = 20_000;

/// Another one for each `round`.
fn graph(round: usize) -> Graph {
    let edge = |i: usize| Edge {
        from: (i * 7919 + round) % NODES,
        to: (i * i + round * 31) % NODES,
        weight: (i % 50) as f32 / 7.0,
    };
    Graph::from_edges(NODES, &(0..EDGES).map(edge).collect::<Vec<_>>()).unwrap()
}

/// Often enough that both devices are tried.
fn spreads_the_same(hybrid: &HybridSpreading) {
    let spreading = Spreading { hops: 4, decay: 0.5, threshold: 0.0001 };
    let mut scratch = Scratch::default();
    for round in 0..20 {
        let (graph, seeds) = (graph(round), [(round, 1.0), (NODES - 1, 0.3)]);
        let expected = graph.spread(&seeds, &spreading, 100, &mut scratch);
        assert_eq!(hybrid.spread(&graph, &seeds, &spreading, 100, &mut scratch), expected);
    }
}

#[test]
fn without_a_device_activation_spreads_on_the_cpu_and_is_counted() {
    let meters = Meters::new("test").unwrap();
    let mut hybrid = HybridSpreading::new(Metrics::new(&meters.meter()));
    hybrid.use_gpu(&Config { force_cpu: true, ..Config::default() }, &meters.meter()).unwrap();
    spreads_the_same(&hybrid);
    let (seeds, spreading) = ([(NODES, 1.0)], Spreading { hops: 1, decay: 0.5, threshold: 0.0 });
    hybrid.spread(&graph(0), &seeds, &spreading, 1, &mut Scratch::default()).unwrap_err();
    let text = meters.render().unwrap();
    let counted = r#"courant_gpu_batch_items_count{device="cpu",operation="spread"} 20"#;
    assert!(text.contains(counted) && !text.contains("courant_gpu_launch"), "{text}");
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_device_spreads_over_each_graph_as_the_cpu_does() {
    let meters = Meters::new("test").unwrap();
    let mut hybrid = HybridSpreading::new(Metrics::new(&meters.meter()));
    hybrid.use_gpu(&Config::default(), &meters.meter()).unwrap();
    spreads_the_same(&hybrid);
    let text = meters.render().unwrap();
    assert!(text.contains(r#"courant_gpu_launch_total{operation="spread"}"#), "{text}");
    assert!(text.contains(r#"courant_gpu_fallback_total{operation="spread"} 0"#), "{text}");
}
