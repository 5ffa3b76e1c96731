//! The handle that the parts of the bus on JetStream share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::{Client, jetstream};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::{BoxError, Error};
use crate::shared::Shared;
use crate::stages::Stage;

/// The longest time that an answer of the server may take.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// A connection, and what is known on it.
pub(crate) struct JetStream {
    pub(super) shared: Arc<Shared>,
    pub(super) client: Client,
    pub(super) context: jetstream::Context,
    /// Counts connections made.
    pub(super) connections: watch::Receiver<u64>,
    pub(super) closed: watch::Receiver<bool>,
    /// Per stage, the first message below the consumer's floor, and since when.
    pub(super) suspects: Mutex<HashMap<Stage, (u64, Instant)>>,
}

pub(super) fn failed(doing: impl Into<String>, error: impl Into<BoxError>) -> Error {
    Error::jetstream(doing, error)
}

pub(super) fn unix_ms(at: async_nats::datetime::DateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
