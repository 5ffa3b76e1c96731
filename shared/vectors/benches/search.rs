//! The scan in each format, beside a scan that sums one value after the other.

use std::hint::black_box;

use courant_vectors::{Matrix, RowFormat, ScoredRow};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const DIMENSION: usize = 384;
const ROWS: usize = 100_000;
const K: usize = 10;

/// Unit vectors of any direction: the sums of four draws are near enough to
/// those of a normal distribution.
struct Vectors(u64);

impl Vectors {
    fn draw(&mut self) -> f32 {
        // Xorshift (Marsaglia, 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    }

    fn next(&mut self) -> Vec<f32> {
        let values: Vec<f32> = (0..DIMENSION).map(|_| (0..4).map(|_| self.draw()).sum()).collect();
        let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        values.iter().map(|v| v / norm).collect()
    }
}

fn plain_scan(rows: &[Vec<f32>], query: &[f32], k: usize) -> Vec<ScoredRow> {
    let score = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum();
    let mut all: Vec<_> =
        rows.iter().enumerate().map(|(i, r)| ScoredRow { row: i, score: score(r) }).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all.truncate(k);
    all
}

fn matrix(format: RowFormat, rows: &[Vec<f32>]) -> Matrix {
    let mut matrix = Matrix::with_format(DIMENSION, format);
    for row in rows {
        matrix.push(row).expect("the dimension is the same");
    }
    matrix
}

fn scans(criterion: &mut Criterion) {
    let mut vectors = Vectors(1);
    let rows: Vec<_> = (0..ROWS).map(|_| vectors.next()).collect();
    let query = vectors.next();
    let mut group = criterion.benchmark_group("top_10_of_100k_x_384");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(20);
    group.bench_function("plain", |b| {
        b.iter(|| plain_scan(&rows, black_box(&query), K));
    });
    for format in [RowFormat::F32, RowFormat::F16, RowFormat::Int8, RowFormat::Int8WithF32] {
        let matrix = matrix(format, &rows);
        group.bench_function(format!("{format:?}"), |b| {
            b.iter(|| matrix.top_k(black_box(&query), K, |_| true));
        });
    }
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
