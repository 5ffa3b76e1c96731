//! A cache with two levels, memory and Redis, in front of the caller's own source.
//!
//! A cache never holds the only copy of a value, and never delays its caller for long: the
//! caller's own source answers when the cache cannot. A key should identify one value for ever,
//! such as a content hash with a model's version. For other keys, the time to live bounds the
//! age of a value.
//!
//! [`NearTextIndex`] is the index of near texts, which replicas share in the same Redis.

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
pub use near::NearTextIndex;
