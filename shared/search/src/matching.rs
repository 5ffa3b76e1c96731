//! The set of all documents that a query finds.

use courant_vectors::RowSet;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::query::Query;
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentOrdinal, SegmentReader};

use crate::columns::Names;

/// The documents that a query finds, by segment.
#[derive(Clone)]
pub(crate) struct Matching {
    segments: Vec<RowSet>,
    total: u64,
}

impl Matching {
    /// Finds all documents.
    pub(crate) fn of(searcher: &Searcher, query: &dyn Query) -> tantivy::Result<Self> {
        searcher.search(query, &MatchingCollector)
    }

    /// Keeps the documents that `other` holds, too. Both are of one view of the index.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (documents, others) in self.segments.iter_mut().zip(&other.segments) {
            documents.intersect(others);
        }
        self.total = self.segments.iter().map(|documents| documents.len() as u64).sum();
    }

    /// Returns the number of documents.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn contains(&self, document: DocAddress) -> bool {
        self.of_segment(document.segment_ord).contains(document.doc_id)
    }

    /// Returns the documents of a segment that the search went through.
    pub(crate) fn of_segment(&self, segment: SegmentOrdinal) -> &RowSet {
        &self.segments[segment as usize]
    }

    /// Returns the numbers of the articles in the store.
    pub(crate) fn numbers(&self, searcher: &Searcher) -> tantivy::Result<RowSet> {
        let mut numbers = RowSet::new();
        for (segment, documents) in searcher.segment_readers().iter().zip(&self.segments) {
            let names = Names::of(segment)?;
            for document in documents.iter() {
                numbers.insert(names.number(document));
            }
        }
        Ok(numbers)
    }
}

struct MatchingCollector;

struct SegmentMatching {
    segment: SegmentOrdinal,
    documents: RowSet,
    total: u64,
}

impl Collector for MatchingCollector {
    type Fruit = Matching;
    type Child = SegmentMatching;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        _: &SegmentReader,
    ) -> tantivy::Result<SegmentMatching> {
        Ok(SegmentMatching { segment, documents: RowSet::new(), total: 0 })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(
        &self,
        mut fruits: Vec<(SegmentOrdinal, RowSet, u64)>,
    ) -> tantivy::Result<Matching> {
        fruits.sort_by_key(|(segment, ..)| *segment);
        let total = fruits.iter().map(|(.., total)| total).sum();
        let segments = fruits.into_iter().map(|(_, documents, _)| documents).collect();
        Ok(Matching { segments, total })
    }
}

impl SegmentCollector for SegmentMatching {
    type Fruit = (SegmentOrdinal, RowSet, u64);

    fn collect(&mut self, document: DocId, _: Score) {
        self.documents.insert(document);
        self.total += 1;
    }

    fn harvest(self) -> Self::Fruit {
        (self.segment, self.documents, self.total)
    }
}
