//! The best of many rows with whole scores, in a heap of fixed size.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The `depth` best rows. Of equal scores, the lower row number wins.
pub(super) struct BestRows {
    depth: usize,
    /// The worst one on top.
    heap: BinaryHeap<Reverse<(i32, Reverse<u32>)>>,
    /// Rows that score no more are not among the best, if they come in ascending order.
    floor: i32,
}

impl BestRows {
    /// `depth` is 1 or more.
    pub(super) fn new(depth: usize) -> Self {
        Self { depth, heap: BinaryHeap::with_capacity(depth), floor: i32::MIN }
    }

    /// Keeps a row if it is among the best. Rows come in ascending order.
    #[inline]
    pub(super) fn offer(&mut self, row: u32, score: i32) {
        if score > self.floor {
            self.keep(row, score);
        }
    }

    fn keep(&mut self, row: u32, score: i32) {
        let kept = Reverse((score, Reverse(row)));
        if self.heap.len() < self.depth {
            self.heap.push(kept);
        } else if let Some(mut worst) = self.heap.peek_mut()
            && kept < *worst
        {
            *worst = kept;
        }
        if self.heap.len() == self.depth
            && let Some(Reverse((score, _))) = self.heap.peek()
        {
            self.floor = *score;
        }
    }

    /// Takes in the best of other rows.
    pub(super) fn merge(&mut self, other: Self) {
        for Reverse((score, Reverse(row))) in other.heap {
            self.keep(row, score);
        }
    }

    /// Returns the rows, best first.
    pub(super) fn into_rows(self) -> Vec<u32> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|Reverse((_, Reverse(row)))| row).collect()
    }
}
