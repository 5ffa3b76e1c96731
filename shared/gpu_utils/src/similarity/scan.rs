//! One pass over the rows, for one query or several.

use std::ops::Range;

use super::Scored;
use super::codes::{CodedQuery, Codes};
use super::kernels::Kernels;
use super::nearest::Nearest;
use super::rows::Floats;

/// Rows scored at a time: few enough to stay in the second-level cache while
/// several queries meet them.
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

/// The `k` nearest rows of `ranges` to each query (`[m, dimension]`).
pub(super) fn nearest(
    floats: &Floats,
    dimension: usize,
    queries: &[f32],
    k: usize,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Vec<Scored>> {
    let kernels = Kernels::detect();
    let mut nearest: Vec<_> = queries.chunks(dimension).map(|_| Nearest::new(k)).collect();
    let mut scores = vec![0.0; BLOCK_ROWS * nearest.len()];
    for rows in ranges {
        let scores = &mut scores[..rows.len() * nearest.len()];
        floats.score(kernels, rows.clone(), queries, dimension, scores);
        for (nearest, scores) in nearest.iter_mut().zip(scores.chunks(rows.len())) {
            for (row, score) in rows.clone().zip(scores) {
                nearest.offer(Scored { row, score: *score });
            }
        }
    }
    nearest.into_iter().map(Nearest::into_sorted).collect()
}

/// As [`nearest`], with the scores of the codes.
pub(super) fn nearest_codes(
    codes: &Codes,
    dimension: usize,
    queries: &[f32],
    k: usize,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Vec<Scored>> {
    let offer = |nearest: &mut Nearest, row, score, _| nearest.offer(Scored { row, score });
    let nearest = each_code(codes, dimension, queries, ranges, || Nearest::new(k), offer);
    nearest.into_iter().map(Nearest::into_sorted).collect()
}

/// The rows, in order, that can be among the `k` nearest to each query: at
/// least `k`, unless there are fewer.
pub(super) fn candidates(
    codes: &Codes,
    dimension: usize,
    queries: &[f32],
    k: usize,
    ranges: impl Iterator<Item = Range<usize>>,
) -> Vec<Vec<usize>> {
    let gathered =
        each_code(codes, dimension, queries, ranges, || Candidates::new(k), Candidates::offer);
    gathered.into_iter().map(Candidates::into_rows).collect()
}

/// Offers every row's score and bound to what `new` makes for each query, rows in order.
fn each_code<T>(
    codes: &Codes,
    dimension: usize,
    queries: &[f32],
    ranges: impl Iterator<Item = Range<usize>>,
    new: impl Fn() -> T,
    mut offer: impl FnMut(&mut T, usize, f32, f32),
) -> Vec<T> {
    let kernels = Kernels::detect();
    let coded: Vec<_> = queries.chunks(dimension).map(CodedQuery::new).collect();
    let all_codes: Vec<i8> = coded.iter().flat_map(|query| query.codes()).copied().collect();
    let mut gathered: Vec<T> = coded.iter().map(|_| new()).collect();
    let mut sums = vec![0; BLOCK_ROWS * coded.len()];
    for rows in ranges {
        let sums = &mut sums[..rows.len() * coded.len()];
        codes.sums(kernels, rows.clone(), &all_codes, dimension, sums);
        let each = coded.iter().zip(&mut gathered).zip(sums.chunks(rows.len()));
        for ((query, gathered), sums) in each {
            for ((row, sum), span) in rows.clone().zip(sums).zip(codes.spans(rows.clone())) {
                let (score, bound) = span.score(query, *sum);
                offer(gathered, row, score, bound);
            }
        }
    }
    gathered
}

/// Rows whose exact score can reach the `k` best of what was seen.
struct Candidates {
    /// The least that the `k` best can score.
    least: Nearest,
    /// Rows, each with the most that it can score.
    rows: Vec<(usize, f32)>,
    /// How many rows to gather before the next look for those fallen behind.
    limit: usize,
}

impl Candidates {
    fn new(k: usize) -> Self {
        Self { least: Nearest::new(k), rows: Vec::new(), limit: CANDIDATES.max(4 * k) }
    }

    #[inline]
    fn offer(&mut self, row: usize, score: f32, bound: f32) {
        let most = score + bound;
        // A bound that is not a number bounds nothing: the row stays.
        if most < self.least.floor() {
            return;
        }
        self.rows.push((row, most));
        self.least.offer(Scored { row, score: score - bound });
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
