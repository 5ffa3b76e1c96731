//! The scan in each format on the first CUDA device, where there is one. The same rows
//! on the CPU are measured by the bench `search` of `courant-vectors`.

use std::hint::black_box;

use courant_gpu_utils::cuda;
use courant_gpu_utils::cuda::kernels::CompiledKernels;
use courant_gpu_utils::similarity::device::{DeviceMatrix, SOURCE};
use courant_vectors::{Matrix, RowFormat};
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

fn matrix(format: RowFormat, rows: &[Vec<f32>]) -> Matrix {
    let mut matrix = Matrix::with_format(DIMENSION, format);
    for row in rows {
        matrix.push(row).expect("the dimension is the same");
    }
    matrix
}

fn scans(criterion: &mut Criterion) {
    let context = match cuda::open(0) {
        Ok(context) => context,
        Err(reason) => return eprintln!("not measured on a CUDA device: {reason}"),
    };
    let kernels =
        CompiledKernels::compile(SOURCE, &context.default_stream()).expect("the kernels compile");
    let mut vectors = Vectors(1);
    let rows: Vec<_> = (0..ROWS).map(|_| vectors.next()).collect();
    let query = vectors.next();
    let mut group = criterion.benchmark_group("top_10_of_100k_x_384");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(20);
    for format in [RowFormat::F32, RowFormat::F16, RowFormat::Int8] {
        let matrix = matrix(format, &rows);
        let matrix = DeviceMatrix::upload(&matrix, &kernels).expect("the device has room");
        group.bench_function(format!("cuda_{format:?}"), |b| {
            b.iter(|| matrix.top_k(black_box(&query), K, None).expect("it is found"));
        });
    }
    group.finish();
}

criterion_group!(benches, scans);
criterion_main!(benches);
