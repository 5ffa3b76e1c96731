//! Articles in SQLite.

mod read;
mod write;

pub(super) use read::{article, candidates, found, list, matching, nearest};
pub(super) use write::upsert;
