//! The progress of an index behind its store.

use courant_store::{Change, StoreHead};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::index::Index;

/// Changes that are read at a time.
pub(crate) const BATCH: usize = 500;
/// Changes after which they are written, while there are more.
const WRITTEN_AFTER: usize = 20_000;
/// The distance to the store, in changes, up to which an index counts as up to date.
const NEAR: i64 = 2_000;

/// The state of an index beside its store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexState {
    /// The articles that can be found.
    pub articles: u64,
    /// The number of the last change that can be found.
    pub change: i64,
    /// The number of the store's last change, as the index saw it last.
    pub store_change: i64,
    /// True if the index is being made, because there was none or it could not be used.
    pub is_rebuilding: bool,
}

impl IndexState {
    /// Returns true if nearly everything that is stored can be found.
    pub fn is_ready(&self) -> bool {
        !self.is_rebuilding && self.store_change - self.change <= NEAR
    }
}

/// The progress of an index.
pub(crate) struct Following {
    /// The state of the store that the index holds, with the changes that are not written yet.
    held: Option<StoreHead>,
    written: i64,
    unwritten: usize,
    store_change: i64,
    is_rebuilding: bool,
}

impl Following {
    pub(crate) fn of(index: &Index) -> Self {
        let held = index.head();
        let written = held.as_ref().map_or(0, |head| head.change);
        let is_rebuilding = held.is_none();
        Self { held, written, unwritten: 0, store_change: written, is_rebuilding }
    }

    pub(crate) fn state(&self, index: &Index) -> IndexState {
        IndexState {
            articles: index.searcher().num_docs(),
            change: self.written,
            store_change: self.store_change,
            is_rebuilding: self.is_rebuilding,
        }
    }

    /// Lets the next step begin from nothing.
    pub(crate) fn forget(&mut self) {
        self.held = None;
    }

    /// Begins from nothing if the index does not belong to this state of the store. Returns the
    /// number of the last change that is held.
    pub(crate) fn align(&mut self, index: &Index, head: &StoreHead) -> Result<i64, Error> {
        self.store_change = head.change;
        match &self.held {
            Some(held) if held.epoch == head.epoch && held.change <= head.change => {
                return Ok(held.change);
            }
            Some(_) => tracing::warn!("the search index is of another state: making it anew"),
            None => {}
        }
        index.clear()?;
        *self = Self {
            held: Some(StoreHead { change: 0, ..head.clone() }),
            written: 0,
            unwritten: 0,
            store_change: head.change,
            is_rebuilding: true,
        };
        Ok(0)
    }

    /// Takes in changes, and writes them if they are the last or many.
    pub(crate) fn take(
        &mut self,
        index: &Index,
        head: &StoreHead,
        changes: &[Change],
    ) -> Result<(), Error> {
        index.apply(changes)?;
        let is_last = changes.len() < BATCH;
        let last = changes.last().map_or(head.change, |change| change.number);
        // Behind the last one there are only numbers of changes that later ones replaced.
        let change = if is_last { last.max(head.change) } else { last };
        self.held = Some(StoreHead { change, ..head.clone() });
        self.unwritten += changes.len();
        if is_last || self.unwritten >= WRITTEN_AFTER {
            index.commit(&StoreHead { change, ..head.clone() })?;
            (self.written, self.unwritten) = (change, 0);
            self.is_rebuilding &= !is_last;
        }
        Ok(())
    }
}
