//! The handle that the parts of the bus on JetStream share.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, jetstream};
use tokio::sync::{Semaphore, watch};

use crate::error::{BoxError, Error};
use crate::shared::Shared;

/// The longest time that an answer of the server may take.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// More deliveries than a process ever has at a time.
pub(super) const COMPANY: u32 = 1 << 20;

/// A connection, and what is known on it.
pub(crate) struct JetStream {
    pub(super) shared: Arc<Shared>,
    pub(super) client: Client,
    pub(super) context: jetstream::Context,
    /// Counts connections made.
    pub(super) connections: watch::Receiver<u64>,
    pub(super) closed: watch::Receiver<bool>,
    /// Room for all that is handled in this process at a time; one that must be alone in it
    /// takes all of it.
    pub(super) company: Arc<Semaphore>,
}

pub(super) fn failed(doing: impl Into<String>, error: impl Into<BoxError>) -> Error {
    Error::jetstream(doing, error)
}

pub(super) fn unix_ms(at: async_nats::datetime::DateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
