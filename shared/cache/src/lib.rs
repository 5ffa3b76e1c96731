//! In-memory, then Redis, then the caller's store.
//!
//! A cache is never the truth and never in the way: what it cannot answer in
//! time, the caller's own source answers. Keys should name their value for ever
//! (a content hash with a model's version); where they do not, the time to live
//! bounds how old an answer can be.
//!
//! [`Neighbours`] is the index of near texts, which replicas share in the same Redis.

mod cache;
mod config;
mod error;
mod memory;
mod metrics;
mod near;
mod redis_level;

pub use cache::Cache;
pub use config::Config;
pub use error::Error;
pub use near::Neighbours;
