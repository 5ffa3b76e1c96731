//! Articles, fingerprints, the crawler's memory and timetable, and search, on SQLite or
//! Postgres behind one [`Store`].
//!
//! The rules that both back ends share are pure and stand in their own files:
//! how a query is read (`query`), how two ranked lists become one (`fusion`), what a
//! hit shows of its text (`snippet`), what is related (`related`), which records of a batch count (`batch`).
//! Which claim is new, `courant-dedup` says.

mod batch;
mod config;
mod error;
mod fusion;
mod metrics;
mod postgres;
mod query;
mod record;
mod related;
mod row;
mod snippet;
mod sqlite;
mod store;

pub use config::Config;
pub use courant_dedup::{Claim, Verdict};
pub use error::Error;
pub use query::{CANDIDATES, Mode, Query};
pub use record::{
    Counts, Fare, Hit, KnownSketch, Listing, Note, NoteKind, Record, Summary, Upsert, Visit,
};
pub use store::{Access, Store};
