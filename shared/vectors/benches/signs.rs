//! Candidates by one bit per value, beside the exact scan, at 100,000 and a million rows in
//! clusters, and the share of the ten nearest rows that they hold.
//!
//! `COURANT_VECTORS` may name a file of real vectors, 384 little-endian `f32` per row: their
//! recall is printed, too.

use std::hint::black_box;

use courant_vectors::{Matrix, RowFormat, RowSet, SignCodes, dot};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const DIMENSION: usize = 384;
const K: usize = 10;
const DEPTHS: [usize; 5] = [50, 100, 200, 400, 800];
const QUERIES: usize = 50;
/// Rows of a cluster.
const CLUSTER: usize = 1_000;

struct Random(u64);

impl Random {
    /// A number from -0.5 to 0.5.
    fn draw(&mut self) -> f32 {
        // Xorshift (Marsaglia, 2003).
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
    }

    /// A unit vector near `centre`: the cosine of two of one cluster is about 0.6.
    fn near(&mut self, centre: &[f32]) -> Vec<f32> {
        let noise = 1.4 / (DIMENSION as f32).sqrt();
        let values: Vec<f32> =
            centre.iter().map(|value| value + noise * 2.0 * self.draw()).collect();
        unit(&values)
    }
}

fn unit(values: &[f32]) -> Vec<f32> {
    let norm = dot(values, values).sqrt();
    values.iter().map(|value| value / norm).collect()
}

/// Rows in clusters, and queries that are near some of the rows.
fn clustered(rows: usize) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let mut random = Random(7);
    let centres: Vec<Vec<f32>> = (0..rows / CLUSTER)
        .map(|_| unit(&(0..DIMENSION).map(|_| random.draw()).collect::<Vec<_>>()))
        .collect();
    let rows: Vec<_> = (0..rows).map(|row| random.near(&centres[row % centres.len()])).collect();
    let queries = (0..QUERIES).map(|query| random.near(&centres[query * 17 % centres.len()]));
    let queries = queries.collect();
    (rows, queries)
}

fn codes(rows: &[Vec<f32>]) -> SignCodes {
    let mut codes = SignCodes::new(DIMENSION);
    for (number, row) in rows.iter().enumerate() {
        let set = codes.set(number as u32, SignCodes::encode(row).as_deref());
        set.expect("the dimension is the same");
    }
    codes
}

fn matrix(rows: &[Vec<f32>]) -> Matrix {
    let mut matrix = Matrix::with_format(DIMENSION, RowFormat::Int8WithF32);
    for row in rows {
        matrix.push(row).expect("the dimension is the same");
    }
    matrix
}

/// Prints the share of the exact nearest rows among the candidates.
fn recall(name: &str, matrix: &Matrix, codes: &SignCodes, queries: &[Vec<f32>]) {
    for k in [K, 100] {
        let mut hits = [0; DEPTHS.len()];
        for query in queries {
            let exact = matrix.top_k(query, k, |_| true).expect("it fits");
            let found = codes.candidates(query, DEPTHS[4], None, 1).expect("it fits");
            let rank = |row: usize| found.iter().position(|found| *found as usize == row);
            for rank in exact.iter().filter_map(|scored| rank(scored.row)) {
                for (hits, depth) in hits.iter_mut().zip(DEPTHS) {
                    *hits += usize::from(rank < depth);
                }
            }
        }
        let share = hits.map(|hits| hits as f64 / (queries.len() * k) as f64);
        let (rows, bytes) = (codes.rows().len(), codes.size_bytes());
        println!(
            "{name}: recall@{k} at depths {DEPTHS:?}: {share:.4?}; {rows} rows, {bytes} bytes"
        );
    }
}

fn signs(criterion: &mut Criterion) {
    for rows in [100_000, 1_000_000] {
        let (rows, queries) = clustered(rows);
        let (codes, query) = (codes(&rows), &queries[3]);
        let mut group = criterion.benchmark_group(format!("candidates_of_{}", rows.len()));
        group.throughput(Throughput::Elements(rows.len() as u64));
        group.sample_size(20);
        let exact = matrix(&rows);
        recall("clusters", &exact, &codes, &queries);
        group.bench_function("exact_int8_with_f32", |b| {
            b.iter(|| exact.top_k(black_box(query), K, |_| true));
        });
        drop(exact);
        for (threads, depth) in [(1, 100), (1, 200), (1, 800), (2, 200)] {
            group.bench_function(format!("depth_{depth}_threads_{threads}"), |b| {
                b.iter(|| codes.candidates(black_box(query), depth, None, threads));
            });
        }
        let among: RowSet = (0..rows.len() as u32)
            .filter(|row| row.wrapping_mul(2_654_435_769) < u32::MAX / 100)
            .collect();
        group.bench_function("depth_200_filter_of_1_percent", |b| {
            b.iter(|| codes.candidates(black_box(query), 200, Some(&among), 1));
        });
        group.finish();
    }
}

fn real(_: &mut Criterion) {
    let Some(path) = std::env::var_os("COURANT_VECTORS") else { return };
    let bytes = std::fs::read(path).expect("the file can be read");
    let (values, _) = bytes.as_chunks::<4>();
    let values: Vec<f32> = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    let rows: Vec<Vec<f32>> = values.chunks_exact(DIMENSION).map(<[f32]>::to_vec).collect();
    let queries: Vec<_> = rows.iter().step_by(rows.len() / 500 + 1).cloned().collect();
    recall("real", &matrix(&rows), &codes(&rows), &queries);
}

criterion_group!(benches, real, signs);
criterion_main!(benches);
