use courant_vectors::RowFormat;
use cudarc::driver::CudaContext;

use super::*;

const FORMATS: [RowFormat; 4] =
    [RowFormat::F32, RowFormat::F16, RowFormat::Int8, RowFormat::Int8WithF32];

/// Small integers that differ, so that sums are exact in any order and many are equal.
fn vector(seed: usize, dimension: usize) -> Vec<f32> {
    (0..dimension).map(|i| ((seed * 31 + i * 17 + seed * i) % 7) as f32 - 3.0).collect()
}

fn matrix_in(format: RowFormat, rows: usize, dimension: usize) -> Matrix {
    let mut matrix = Matrix::with_format(dimension, format);
    for row in 0..rows {
        matrix.push(&vector(row, dimension)).unwrap();
    }
    matrix
}

fn device() -> CompiledKernels {
    CompiledKernels::compile(SOURCE, &CudaContext::new(0).unwrap().default_stream()).unwrap()
}

/// Scores of the rows as they are kept, sorted.
fn naive(
    matrix: &Matrix,
    query: &[f32],
    k: usize,
    admit: &dyn Fn(usize) -> bool,
) -> Vec<ScoredRow> {
    let score = |row: usize| {
        let values = matrix.row(row).unwrap();
        values.iter().zip(query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>() as f32
    };
    let rows = (0..matrix.len()).filter(|row| admit(*row));
    let mut scored: Vec<_> = rows.map(|row| ScoredRow { row, score: score(row) }).collect();
    scored.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
    scored.truncate(k);
    scored
}

#[test]
fn rows_are_filled_to_whole_groups() {
    assert_eq!(padded([1, 2, 3, 4, 5, 6].into_iter(), 3), [1, 2, 3, 0, 4, 5, 6, 0]);
    assert_eq!(padded([1, 2, 3, 4].into_iter(), 4), [1, 2, 3, 4]);
}

#[test]
fn a_copy_takes_whole_groups_of_what_is_copied() {
    let size_of = |format| DeviceMatrix::size_bytes_of(&matrix_in(format, 10, 6));
    assert_eq!(FORMATS.map(size_of), [320, 160, 80 + 40, 320]);
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_copy_takes_what_it_is_said_to() {
    let kernels = device();
    for format in FORMATS {
        let matrix = matrix_in(format, 100, 30);
        let copy = DeviceMatrix::upload(&matrix, &kernels).unwrap();
        assert_eq!(copy.size_bytes(), DeviceMatrix::size_bytes_of(&matrix));
    }
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_device_finds_what_a_naive_scan_does() {
    let kernels = device();
    let step_of_three = |row: usize| row.is_multiple_of(3);
    for (rows, dimension) in [(1, 1), (7, 3), (1000, 130), (20_000, 384)] {
        for format in [RowFormat::F32, RowFormat::F16, RowFormat::Int8WithF32] {
            let matrix = matrix_in(format, rows, dimension);
            let resident = DeviceMatrix::upload(&matrix, &kernels).unwrap();
            let queries: Vec<_> = (0..11).map(|i| vector(i * 97 + 5, dimension)).collect();
            for k in [1, 10, 32] {
                for query in &queries {
                    let found = resident.top_k(query, k, Some(&step_of_three)).unwrap();
                    assert_eq!(
                        found,
                        naive(&matrix, query, k, &step_of_three),
                        "{format:?} {rows}"
                    );
                }
            }
        }
    }
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_device_scores_codes_closely() {
    let matrix = matrix_in(RowFormat::Int8, 5000, 384);
    let resident = DeviceMatrix::upload(&matrix, &device()).unwrap();
    let query = vector(3, 384);
    let found = resident.top_k(&query, 10, None).unwrap();
    for (found, expected) in found.iter().zip(naive(&matrix, &query, 10, &|_| true)) {
        assert!((found.score - expected.score).abs() < 1e-4 * expected.score.abs());
    }
}

#[test]
#[ignore = "needs a CUDA device"]
fn a_query_and_lists_that_do_not_fit_are_refused() {
    let kernels = device();
    for format in FORMATS {
        let matrix = matrix_in(format, 2000, 8);
        let resident = DeviceMatrix::upload(&matrix, &kernels).unwrap();
        let short = resident.top_k(&[0.0], 1, None);
        assert!(matches!(short, Err(DeviceError::Dimension(_))));
        let many = resident.top_k(&[0.0; 8], 2000, None);
        assert!(matches!(many, Err(DeviceError::TooMany { k: 2000, dimension: 8 })));
    }
}
