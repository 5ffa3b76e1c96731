//! The storage agent. It makes one idempotent upsert per article, with many articles per
//! transaction. It acknowledges a message only after its commit.

mod agent;
mod commit;
mod config;
mod delete;
mod error;
mod handle;
mod upkeep;

pub use agent::Storage;
pub use config::{AGENT, Config};
