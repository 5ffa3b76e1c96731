//! A matrix that follows its changes on a device.
#![expect(clippy::unwrap_used, reason = "what builds a test's input may fail it")]

use courant_gpu_utils::Config;
use courant_gpu_utils::hybrid::Metrics;
use courant_gpu_utils::similarity::HybridMatrix;
use courant_telemetry::Meters;
use courant_vectors::{Matrix, Scan};

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
        assert_eq!(hybrid.top_k(&query, 50, &admit), plain.top_k(&query, 50, admit), "{round}");
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
