//! Scans of all admitted rows for a query.

use std::ops::Range;

use crate::codes::{CodedQuery, Codes};
use crate::kernels::ScanKernels;
use crate::nearest::{NearestRows, ScoredRow};
use crate::rows::Floats;

/// Rows scored at a time: their scores stay in the first-level cache.
const BLOCK_ROWS: usize = 64;

/// Candidates gathered before those that fell behind are dropped.
const CANDIDATES: usize = 4096;

/// The admitted ones of `count` rows, as ranges of at most [`BLOCK_ROWS`].
pub(super) fn admitted(
    count: usize,
    admit: impl Fn(usize) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = (next..count).find(|row| admit(*row))?;
        let limit = count.min(start + BLOCK_ROWS);
        let end = (start + 1..limit).find(|row| !admit(*row)).unwrap_or(limit);
        next = end;
        Some(start..end)
    })
}

/// The `k` nearest rows of `ranges` to `query`.
pub(super) fn nearest(
    floats: &Floats,
    query: &[f32],
    k: usize,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<ScoredRow> {
    let kernels = ScanKernels::detect();
    let mut nearest = NearestRows::new(k);
    let mut scores = [0.0; BLOCK_ROWS];
    for rows in ranges {
        let scores = &mut scores[..rows.len()];
        floats.score(kernels, rows.clone(), query, scores);
        for (row, score) in rows.zip(scores) {
            nearest.offer(ScoredRow { row, score: *score });
        }
    }
    nearest.into_sorted()
}

/// The `k` nearest rows of `ranges` by the scores of their codes.
pub(super) fn nearest_codes(
    codes: &Codes,
    query: &[f32],
    k: usize,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<ScoredRow> {
    let mut nearest = NearestRows::new(k);
    each_code(codes, query, ranges, |row, score, _| nearest.offer(ScoredRow { row, score }));
    nearest.into_sorted()
}

/// The rows, in order, that can be among the `k` nearest to `query`: at least `k`,
/// unless there are fewer.
pub(super) fn candidates(
    codes: &Codes,
    query: &[f32],
    k: usize,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<usize> {
    let mut gathered = Candidates::new(k);
    each_code(codes, query, ranges, |row, score, bound| gathered.offer(row, score, bound));
    gathered.into_rows()
}

/// Offers the score and the bound of every row, rows in order.
fn each_code(
    codes: &Codes,
    query: &[f32],
    ranges: impl Iterator<Item = Range<usize>>,
    mut offer: impl FnMut(usize, f32, f32),
) {
    let kernels = ScanKernels::detect();
    let query = CodedQuery::new(query);
    let mut sums = [0; BLOCK_ROWS];
    for rows in ranges {
        let sums = &mut sums[..rows.len()];
        codes.sums(kernels, rows.clone(), query.codes(), sums);
        for ((row, sum), span) in rows.clone().zip(sums).zip(codes.spans(rows)) {
            let (score, bound) = span.score(&query, *sum);
            offer(row, score, bound);
        }
    }
}

/// Rows whose exact score can reach the `k` best of what was seen.
struct Candidates {
    /// The least that the `k` best can score.
    least: NearestRows,
    /// Rows, each with the most that it can score.
    rows: Vec<(usize, f32)>,
    /// The count of rows at which those fallen behind are dropped next.
    limit: usize,
}

impl Candidates {
    fn new(k: usize) -> Self {
        Self { least: NearestRows::new(k), rows: Vec::new(), limit: CANDIDATES.max(4 * k) }
    }

    #[inline]
    fn offer(&mut self, row: usize, score: f32, bound: f32) {
        let most = score + bound;
        // A bound that is not a number bounds nothing: the row stays.
        if most < self.least.floor() {
            return;
        }
        self.rows.push((row, most));
        self.least.offer(ScoredRow { row, score: score - bound });
        if self.rows.len() >= self.limit {
            self.drop_behind();
            self.limit = CANDIDATES.max(2 * self.rows.len());
        }
    }

    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "what is not a number stays")]
    fn drop_behind(&mut self) {
        let floor = self.least.floor();
        self.rows.retain(|(_, most)| !(*most < floor));
    }

    fn into_rows(mut self) -> Vec<usize> {
        self.drop_behind();
        self.rows.into_iter().map(|(row, _)| row).collect()
    }
}
