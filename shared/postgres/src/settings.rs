//! The address of a server, and the limits of the connections to it.

use std::time::Duration;

use courant_config::Secret;

/// The address of a server, and the limits of the connections to it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `postgres://user:password@host/database`.
    pub url: Secret,
    /// Connections opened at the start.
    pub pool_min: usize,
    /// The most connections.
    pub pool_max: usize,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest time of one operation.
    pub command_timeout: Duration,
    /// The time from which a statement counts as slow: its plan is logged.
    pub slow_statement: Duration,
    /// Prepares each statement once per connection.
    pub prepared: bool,
    /// The number of candidates in pgvector's HNSW search.
    pub ef_search: u32,
}
