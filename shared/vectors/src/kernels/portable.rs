//! The kernels without instructions of one processor.

use half::f16;

/// Independent sums per product. Sixteen let LLVM keep them in vector
/// registers of any width, without reordering a float sum.
const LANES: usize = 16;

pub(super) fn scores_f32(rows: &[f32], query: &[f32], scores: &mut [f32]) {
    each(rows, query, scores, |row| product(row, query, |value| value));
}

pub(super) fn scores_f16(rows: &[f16], query: &[f32], scores: &mut [f32]) {
    each(rows, query, scores, |row| product(row, query, f16::to_f32));
}

pub(super) fn scores_u8(rows: &[u8], query: &[i8], scores: &mut [i32]) {
    each(rows, query, scores, |row| {
        row.iter().zip(query).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
    });
}

/// Scores every row, which is as long as the query.
fn each<R, Q, S>(rows: &[R], query: &[Q], scores: &mut [S], score: impl Fn(&[R]) -> S) {
    for (row, slot) in rows.chunks_exact(query.len()).zip(scores) {
        *slot = score(row);
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
