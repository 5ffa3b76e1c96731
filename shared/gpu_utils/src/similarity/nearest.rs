//! The best of what is offered, in a heap of fixed size.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Scored;

/// Ordered so that the worst one stands on top of the heap.
#[derive(Clone, Copy)]
struct Worst(Scored);

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

/// Keeps the `k` best.
pub(super) struct Nearest {
    k: usize,
    heap: BinaryHeap<Worst>,
}

impl Nearest {
    pub(super) fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::with_capacity(k) }
    }

    pub(super) fn offer(&mut self, scored: Scored) {
        if scored.score.is_nan() {
            return;
        }
        if self.heap.len() < self.k {
            self.heap.push(Worst(scored));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && Worst(scored) < *worst
        {
            *worst = Worst(scored);
        }
    }

    /// Best first.
    pub(super) fn into_sorted(self) -> Vec<Scored> {
        self.heap.into_sorted_vec().into_iter().map(|worst| worst.0).collect()
    }
}
