//! Articles in Postgres.

mod changes;
pub(crate) mod divide;
mod read;
mod write;

pub(super) use changes::{changes, head};
pub(super) use read::{article, excerpts, list, nearest, revisions, subjects};
pub(super) use write::upsert;
