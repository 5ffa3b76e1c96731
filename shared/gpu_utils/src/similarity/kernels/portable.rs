//! The kernels without instructions of one processor.

use half::f16;

/// Independent sums per product. Sixteen let LLVM keep them in vector
/// registers of any width, without reordering a float sum.
const LANES: usize = 16;

pub(super) fn scores_f32(rows: &[f32], queries: &[f32], dimension: usize, scores: &mut [f32]) {
    pairs(rows, queries, dimension, scores, |row, query| product(row, query, |value| value));
}

pub(super) fn scores_f16(rows: &[f16], queries: &[f32], dimension: usize, scores: &mut [f32]) {
    pairs(rows, queries, dimension, scores, |row, query| product(row, query, f16::to_f32));
}

pub(super) fn scores_u8(rows: &[u8], queries: &[i8], dimension: usize, scores: &mut [i32]) {
    pairs(rows, queries, dimension, scores, |row, query| {
        row.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    });
}

/// Scores every row with every query; a query's scores stand together.
fn pairs<R, Q, S>(
    rows: &[R],
    queries: &[Q],
    dimension: usize,
    scores: &mut [S],
    score: impl Fn(&[R], &[Q]) -> S,
) {
    let count = rows.len() / dimension;
    for (query, scores) in queries.chunks_exact(dimension).zip(scores.chunks_exact_mut(count)) {
        for (row, slot) in rows.chunks_exact(dimension).zip(scores) {
            *slot = score(row, query);
        }
    }
}

#[inline]
fn product<R: Copy>(row: &[R], query: &[f32], widen: impl Fn(R) -> f32) -> f32 {
    let (row_lanes, row_rest) = row.as_chunks::<LANES>();
    let (query_lanes, query_rest) = query.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (x, y) in row_lanes.iter().zip(query_lanes) {
        for lane in 0..LANES {
            sums[lane] += widen(x[lane]) * y[lane];
        }
    }
    let rest: f32 = row_rest.iter().zip(query_rest).map(|(x, y)| widen(*x) * y).sum();
    sums.iter().sum::<f32>() + rest
}
