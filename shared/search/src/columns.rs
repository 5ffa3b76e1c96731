//! Values of found documents.

use courant_article::ArticleId;
use tantivy::columnar::Column;
use tantivy::{DocAddress, DocId, Searcher, SegmentReader};

use crate::document::whole;

/// The names of the articles of a segment.
pub(crate) struct Names {
    high: Column<u64>,
    low: Column<u64>,
    number: Column<u64>,
    cluster: Column<u64>,
    time: Column<i64>,
}

/// The names of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArticleName {
    pub(crate) id: ArticleId,
    /// The number in the store.
    pub(crate) number: u32,
    /// The same for all copies of a text.
    pub(crate) cluster: u64,
    /// The time of publication, else of the first observation; Unix milliseconds.
    pub(crate) time_ms: i64,
}

impl Names {
    pub(crate) fn of(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            high: columns.u64("id_high")?,
            low: columns.u64("id_low")?,
            number: columns.u64("number")?,
            cluster: columns.u64("cluster")?,
            time: columns.i64("time")?,
        })
    }

    pub(crate) fn name(&self, document: DocId) -> ArticleName {
        let value = |column: &Column<u64>| column.first(document).unwrap_or_default();
        ArticleName {
            id: whole(value(&self.high), value(&self.low)),
            number: self.number(document),
            cluster: value(&self.cluster),
            time_ms: self.time.first(document).unwrap_or_default(),
        }
    }

    pub(crate) fn number(&self, document: DocId) -> u32 {
        // The number was a `u32` when the document was made.
        self.number.first(document).unwrap_or_default() as u32
    }
}

/// The names of the articles of all segments.
pub(crate) struct AllNames(Vec<Names>);

impl AllNames {
    pub(crate) fn of(searcher: &Searcher) -> tantivy::Result<Self> {
        Ok(Self(searcher.segment_readers().iter().map(Names::of).collect::<tantivy::Result<_>>()?))
    }

    pub(crate) fn name(&self, document: DocAddress) -> ArticleName {
        self.0[document.segment_ord as usize].name(document.doc_id)
    }
}
