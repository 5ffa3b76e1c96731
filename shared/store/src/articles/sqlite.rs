//! Articles in SQLite.

mod changes;
mod read;
mod write;

pub(super) use changes::{changes, head};
pub(super) use read::{
    article, excerpts, list, nearest, nearest_numbers, observed, revisions, subjects,
};
pub(super) use write::upsert;
