//! The scan in each format, for one query and for sixteen, beside a scan that
//! sums one value after the other; the same on a CUDA device, where there is one.

use std::hint::black_box;

use courant_gpu_utils::cuda;
use courant_gpu_utils::cuda::kernels::Kernels;
use courant_gpu_utils::similarity::device::{DeviceMatrix, SOURCE};
use courant_gpu_utils::similarity::{Matrix, RowFormat, Scored};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

const DIMENSION: usize = 384;
const ROWS: usize = 100_000;
const K: usize = 10;
const QUERIES: usize = 16;

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

fn plain_scan(rows: &[Vec<f32>], query: &[f32], k: usize) -> Vec<Scored> {
    let score = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum();
    let mut all: Vec<_> =
        rows.iter().enumerate().map(|(i, r)| Scored { row: i, score: score(r) }).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all.truncate(k);
    all
}

/// A scan of `rows` on the first CUDA device, or a line that says why not.
fn on_device(group: &mut BenchmarkGroup<'_, WallTime>, rows: &[Vec<f32>], queries: &[Vec<f32>]) {
    let context = match cuda::open(0) {
        Ok(context) => context,
        Err(reason) => return eprintln!("not measured on a CUDA device: {reason}"),
    };
    let kernels = Kernels::compile(SOURCE, &context.default_stream()).expect("the kernels compile");
    for format in [RowFormat::F32, RowFormat::F16, RowFormat::Int8] {
        let matrix = matrix(format, rows);
        let matrix = DeviceMatrix::upload(&matrix, &kernels).expect("the device has room");
        for (name, queries) in [("", &queries[..1]), ("_16_queries", queries)] {
            group.bench_function(format!("cuda_{format:?}{name}"), |b| {
                b.iter(|| matrix.top_k_batch(black_box(queries), K, None).expect("it is found"));
            });
        }
    }
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
    let queries: Vec<_> = (0..QUERIES).map(|_| vectors.next()).collect();
    let mut group = criterion.benchmark_group("top_10_of_100k_x_384");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(20);
    group.bench_function("plain", |b| {
        b.iter(|| plain_scan(&rows, black_box(&queries[0]), K));
    });
    let formats = [
        RowFormat::F32,
        RowFormat::F16,
        RowFormat::Int8,
        RowFormat::Int8WithF32,
        RowFormat::Int8WithF16,
    ];
    for format in formats {
        let matrix = matrix(format, &rows);
        group.bench_function(format!("{format:?}"), |b| {
            b.iter(|| matrix.top_k(black_box(&queries[0]), K, |_| true));
        });
        group.bench_function(format!("{format:?}_16_queries"), |b| {
            b.iter(|| matrix.top_k_batch(black_box(&queries), K, |_| true));
        });
    }
    on_device(&mut group, &rows, &queries);
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
