//! The documents that fulfil a condition, kept from one search to the next.
//!
//! People search again and again within the same language, site or topic. A segment never changes,
//! so that what was found in it holds until documents are deleted from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use courant_vectors::RowSet;
use tantivy::index::SegmentId;
use tantivy::{Opstamp, SegmentReader};

/// The most memory that the kept sets take, in bytes: 300 conditions on 100,000 articles.
const MAX_BYTES: usize = 4 << 20;

/// The sets that were used last, as far as there is room.
#[derive(Default)]
pub(crate) struct KeptFilters(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    sets: HashMap<Key, KeptSet>,
    bytes: usize,
    /// Counts the uses.
    clock: u64,
}

/// The state of a segment, and the condition.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    segment: SegmentId,
    deletions: Option<Opstamp>,
    condition: String,
}

struct KeptSet {
    documents: Arc<RowSet>,
    last_use: u64,
}

impl KeptFilters {
    /// Returns the documents of a segment that fulfil a condition, by `find` if they are not kept.
    pub(crate) fn documents(
        &self,
        segment: &SegmentReader,
        condition: &str,
        find: impl FnOnce() -> tantivy::Result<RowSet>,
    ) -> tantivy::Result<Arc<RowSet>> {
        let key = Key {
            segment: segment.segment_id(),
            deletions: segment.delete_opstamp(),
            condition: condition.to_owned(),
        };
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(documents) = kept().get(&key) {
            return Ok(documents);
        }
        let documents = Arc::new(find()?);
        kept().keep(&key, &documents);
        Ok(documents)
    }
}

impl Kept {
    fn get(&mut self, key: &Key) -> Option<Arc<RowSet>> {
        self.clock += 1;
        let set = self.sets.get_mut(key)?;
        set.last_use = self.clock;
        Some(Arc::clone(&set.documents))
    }

    fn keep(&mut self, key: &Key, documents: &Arc<RowSet>) {
        let size = size_of_set(key, documents);
        if size > MAX_BYTES {
            return;
        }
        while self.bytes + size > MAX_BYTES && self.drop_oldest() {}
        let set = KeptSet { documents: Arc::clone(documents), last_use: self.clock };
        self.bytes += size;
        // Two searches may have found it at the same time.
        if let Some(other) = self.sets.insert(key.clone(), set) {
            self.bytes -= size_of_set(key, &other.documents);
        }
    }

    /// Drops the set that was not used for the longest time. Returns false if there is none.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.sets.iter().min_by_key(|(_, set)| set.last_use).map(|(key, _)| key);
        let Some(oldest) = oldest.cloned() else { return false };
        if let Some(set) = self.sets.remove(&oldest) {
            self.bytes -= size_of_set(&oldest, &set.documents);
        }
        true
    }
}

fn size_of_set(key: &Key, documents: &RowSet) -> usize {
    key.condition.len() + documents.size_bytes() + size_of::<(Key, KeptSet)>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(condition: &str) -> Key {
        let segment = SegmentId::from_uuid_string("e5742c6edc3145b9b2c0f9c2c42c7aab");
        let segment = segment.expect("a UUID");
        Key { segment, deletions: None, condition: condition.into() }
    }

    /// A set of a quarter of the room.
    fn quarter() -> Arc<RowSet> {
        Arc::new([(MAX_BYTES * 8 / 4 - 10_000) as u32].into_iter().collect())
    }

    #[test]
    fn the_set_that_was_not_used_for_the_longest_time_makes_room() {
        let mut kept = Kept::default();
        for condition in ["a", "b", "c"] {
            kept.keep(&key(condition), &quarter());
        }
        assert!(kept.get(&key("b")).is_some() && kept.get(&key("a")).is_some());
        kept.keep(&key("d"), &quarter());
        kept.keep(&key("e"), &quarter());
        let there =
            ["a", "b", "c", "d", "e"].map(|condition| kept.sets.contains_key(&key(condition)));
        assert_eq!(there, [true, true, false, true, true]);
        assert!(kept.bytes <= MAX_BYTES);
    }

    #[test]
    fn a_set_that_is_kept_twice_counts_once() {
        let mut kept = Kept::default();
        kept.keep(&key("a"), &quarter());
        let bytes = kept.bytes;
        kept.keep(&key("a"), &quarter());
        assert_eq!(kept.bytes, bytes);
        assert!(kept.drop_oldest() && !kept.drop_oldest());
        assert_eq!(kept.bytes, 0);
    }
}
