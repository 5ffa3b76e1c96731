//! Articles in Postgres.

mod changes;
pub(crate) mod divide;
pub(in crate::articles) mod layout;
mod read;
mod upkeep;
mod write;

pub(super) use changes::{changes, head};
pub(super) use read::{article, excerpts, list, nearest, revisions, subjects};
pub(super) use upkeep::{LONGEST, upkeep};
pub(super) use write::upsert;
