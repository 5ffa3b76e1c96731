//! Takes deleted documents out of the files of an index. A deletion only marks them, and a merge
//! that leaves them out may come much later.

use std::sync::{Mutex, PoisonError};

use tantivy::{Index, IndexReader, IndexWriter, SegmentMeta, TantivyDocument};

use crate::error::Error;

/// Returns true if a segment holds deleted documents.
pub(crate) fn has_deleted(index: &Index) -> Result<bool, Error> {
    Ok(index.searchable_segment_metas()?.iter().any(has_traces))
}

/// Writes each segment anew that holds deleted documents, one by one, and removes its former files.
/// Searches and writes go on meanwhile. Blocks.
pub(crate) fn expunge(
    index: &Index,
    reader: &IndexReader,
    writer: &Mutex<IndexWriter<TantivyDocument>>,
) -> Result<(), Error> {
    let lock = || writer.lock().unwrap_or_else(PoisonError::into_inner);
    for segment in index.searchable_segment_metas()?.iter().filter(|segment| has_traces(segment)) {
        let merging = lock().merge(&[segment.id()]);
        merging.wait()?;
    }
    // Views of the former segments keep their files.
    reader.reload()?;
    let collecting = lock().garbage_collect_files();
    collecting.wait()?;
    Ok(())
}

fn has_traces(segment: &SegmentMeta) -> bool {
    segment.num_deleted_docs() > 0
}
