//! The best articles so far.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use tantivy::{DocAddress, DocId, Score, SegmentOrdinal};

/// Keeps a number of articles with the highest scores; of equal ones those that came first.
pub(crate) struct Top {
    limit: usize,
    segment: SegmentOrdinal,
    /// The least of the best is the greatest here.
    heap: BinaryHeap<Entry>,
}

#[derive(Clone, Copy, PartialEq)]
struct Entry {
    score: Score,
    address: DocAddress,
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then(self.address.cmp(&other.address))
    }
}

impl Top {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, segment: 0, heap: BinaryHeap::with_capacity(limit + 1) }
    }

    /// The segment whose articles follow.
    pub(crate) fn enter(&mut self, segment: SegmentOrdinal) {
        self.segment = segment;
    }

    /// An article must score higher than this to be among the best.
    pub(crate) fn least(&self) -> Score {
        match self.heap.peek() {
            Some(least) if self.heap.len() >= self.limit => least.score,
            _ => 0.0,
        }
    }

    /// Offers an article of the segment.
    pub(crate) fn offer(&mut self, score: Score, article: DocId) {
        if score <= self.least() {
            return;
        }
        self.heap.push(Entry { score, address: DocAddress::new(self.segment, article) });
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    /// Returns the articles, the best first.
    pub(crate) fn into_sorted(self) -> Vec<(Score, DocAddress)> {
        let entries = self.heap.into_sorted_vec().into_iter();
        entries.map(|entry| (entry.score, entry.address)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stay_and_the_first_of_equals() {
        let mut top = Top::new(2);
        assert_eq!(top.least(), 0.0);
        for (score, article) in [(0.0, 9), (1.0, 0), (3.0, 1), (1.0, 2), (2.0, 3)] {
            top.offer(score, article);
        }
        top.enter(1);
        top.offer(2.0, 0);
        assert_eq!(top.least(), 2.0);
        let articles = [(3.0, DocAddress::new(0, 1)), (2.0, DocAddress::new(0, 3))];
        assert_eq!(top.into_sorted(), articles);
    }
}
