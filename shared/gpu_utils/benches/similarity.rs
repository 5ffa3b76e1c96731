//! The exact scan beside a scan that sums one value after the other.

use std::hint::black_box;

use courant_gpu_utils::similarity::{Matrix, Scored};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const DIMENSION: usize = 384;
const ROWS: usize = 20_000;

/// Values that differ, without a random generator.
fn row(seed: usize) -> Vec<f32> {
    let value = |i: usize| ((seed * 31 + i * 17) % 97) as f32 / 97.0 - 0.5;
    let values: Vec<f32> = (0..DIMENSION).map(value).collect();
    let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    values.iter().map(|v| v / norm).collect()
}

fn plain_scan(rows: &[Vec<f32>], query: &[f32], k: usize) -> Vec<Scored> {
    let score = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum();
    let mut all: Vec<_> =
        rows.iter().enumerate().map(|(i, r)| Scored { row: i, score: score(r) }).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all.truncate(k);
    all
}

fn scans(criterion: &mut Criterion) {
    let rows: Vec<_> = (0..ROWS).map(row).collect();
    let mut matrix = Matrix::new(DIMENSION);
    for row in &rows {
        matrix.push(row).expect("the dimension is the same");
    }
    let query = row(7);
    let mut group = criterion.benchmark_group("top_100_of_20k_x_384");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.bench_function("lanes", |b| {
        b.iter(|| matrix.top_k(black_box(&query), 100, |_| true));
    });
    group.bench_function("plain", |b| {
        b.iter(|| plain_scan(&rows, black_box(&query), 100));
    });
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
