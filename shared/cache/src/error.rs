//! The errors of the cache. They are few, because reads never fail.

use std::sync::Arc;
use std::time::Duration;

use courant_config::RangeError;

/// The reasons why a cache cannot be made, or an entry cannot be removed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is out of its range.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// The configuration does not say how to reach Redis.
    #[error("wrong cache configuration: {0}")]
    Config(String),
    /// Redis failed.
    #[error("redis: {0}")]
    Redis(#[from] Arc<redis::RedisError>),
    /// Redis did not answer in time.
    #[error("redis did not answer within {0:?}")]
    Timeout(Duration),
    /// Redis failed a moment ago, and is not used again yet.
    #[error("redis is not used for a moment after a failure")]
    Resting,
}
