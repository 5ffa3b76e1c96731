//! The set of all documents that a query finds.

use std::sync::Arc;

use courant_vectors::RowSet;
use tantivy::query::{EnableScoring, Query, Weight};
use tantivy::{DocAddress, Searcher, SegmentOrdinal, SegmentReader};

use crate::kept_filters::KeptFilters;

/// The values of a column that are read at a time.
const BLOCK: usize = 64;

/// The documents that a query finds, by segment.
#[derive(Clone)]
pub(crate) struct Matching {
    segments: Vec<Arc<RowSet>>,
}

impl Matching {
    /// Finds all documents.
    pub(crate) fn of(searcher: &Searcher, query: &dyn Query) -> tantivy::Result<Self> {
        Self::by_segment(searcher, query, |segment, weight| {
            Ok(Arc::new(documents(weight, segment)?))
        })
    }

    /// Finds all documents, those of segments that `kept` knows without a search. `condition` names
    /// the query: two queries of one name find the same.
    pub(crate) fn kept(
        kept: &KeptFilters,
        condition: &str,
        searcher: &Searcher,
        query: &dyn Query,
    ) -> tantivy::Result<Self> {
        Self::by_segment(searcher, query, |segment, weight| {
            kept.documents(segment, condition, || documents(weight, segment))
        })
    }

    fn by_segment(
        searcher: &Searcher,
        query: &dyn Query,
        documents: impl Fn(&SegmentReader, &dyn Weight) -> tantivy::Result<Arc<RowSet>>,
    ) -> tantivy::Result<Self> {
        let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let of_segment = |segment| documents(segment, weight.as_ref());
        let segments = searcher.segment_readers().iter().map(of_segment);
        Ok(Self { segments: segments.collect::<tantivy::Result<_>>()? })
    }

    /// Keeps the documents that `other` holds, too. Both are of one view of the index.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (documents, others) in self.segments.iter_mut().zip(&other.segments) {
            Arc::make_mut(documents).intersect(others);
        }
    }

    /// Returns the number of documents.
    pub(crate) fn total(&self) -> u64 {
        self.segments.iter().map(|documents| documents.len() as u64).sum()
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
            numbers_of(segment, documents, &mut numbers)?;
        }
        Ok(numbers)
    }
}

/// Adds the numbers of some articles of a segment, read a block at a time.
fn numbers_of(
    segment: &SegmentReader,
    documents: &RowSet,
    numbers: &mut RowSet,
) -> tantivy::Result<()> {
    let column = segment.fast_fields().u64("number")?;
    let mut documents = documents.iter();
    let (mut block, mut values) = (Vec::with_capacity(BLOCK), [None; BLOCK]);
    loop {
        block.clear();
        block.extend(documents.by_ref().take(BLOCK));
        if block.is_empty() {
            return Ok(());
        }
        let values = &mut values[..block.len()];
        column.first_vals(&block, values);
        // The number was a `u32` when the document was made.
        numbers.extend(values.iter().flatten().map(|number| *number as u32));
    }
}

/// Returns the documents of a segment that a query finds.
fn documents(weight: &dyn Weight, segment: &SegmentReader) -> tantivy::Result<RowSet> {
    let (mut documents, alive) = (RowSet::new(), segment.alive_bitset());
    weight.for_each_no_score(segment, &mut |found| {
        let found = found.iter().copied();
        documents.extend(found.filter(|found| alive.is_none_or(|alive| alive.is_alive(*found))));
    })?;
    Ok(documents)
}
