//! The best of many scored rows, in a heap of fixed size.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A row and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredRow {
    /// The row's number.
    pub row: usize,
    /// The score; a cosine lies between -1 and 1.
    pub score: f32,
}

/// Ordered so that the worst one stands on top of the heap.
#[derive(Clone, Copy)]
struct Worst(ScoredRow);

impl Ord for Worst {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = other.0.score.total_cmp(&self.0.score);
        by_score.then(self.0.row.cmp(&other.0.row))
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Worst {}

/// A collection that keeps the `k` best rows.
pub struct NearestRows {
    k: usize,
    heap: BinaryHeap<Worst>,
    floor: f32,
}

impl NearestRows {
    /// Makes an empty collection for `k` rows.
    pub fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::with_capacity(k), floor: f32::NEG_INFINITY }
    }

    /// A row that scores less is not among the best: the worst score kept, or
    /// less than any while fewer than `k` are kept.
    #[inline]
    pub(crate) fn floor(&self) -> f32 {
        self.floor
    }

    /// Keeps a row if it is among the best. Of equal scores, the lower row number wins. A NaN
    /// score is ignored.
    #[inline]
    pub fn offer(&mut self, scored: ScoredRow) {
        if scored.score >= self.floor {
            self.keep(scored);
        }
    }

    fn keep(&mut self, scored: ScoredRow) {
        if self.heap.len() < self.k {
            self.heap.push(Worst(scored));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && Worst(scored) < *worst
        {
            *worst = Worst(scored);
        }
        if self.heap.len() == self.k
            && let Some(worst) = self.heap.peek()
        {
            self.floor = worst.0.score;
        }
    }

    /// Returns the kept rows, best first.
    pub fn into_sorted(self) -> Vec<ScoredRow> {
        self.heap.into_sorted_vec().into_iter().map(|worst| worst.0).collect()
    }
}
