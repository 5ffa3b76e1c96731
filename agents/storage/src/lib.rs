//! The storage agent: one idempotent upsert per article, many articles per
//! transaction. What it acknowledges is committed.

mod agent;
mod commit;
mod config;
mod error;
mod handle;

pub use agent::Storage;
pub use config::{AGENT, Config};
