//! The tables of Postgres that are divided by the time of an article's first observation: the
//! articles, and the vectors of each encoder. All have the same partitions.
//!
//! `layout` makes partitions for times that have none. `upkeep` keeps them in order: it cuts,
//! indexes and merges them.

mod layout;
mod upkeep;

pub use layout::{ARTICLES, add, divided, ensure, lock, spans};
pub use upkeep::{LONGEST, upkeep};
