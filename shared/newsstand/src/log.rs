//! The log of requests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The oldest requests go first.
const MAX_REQUESTS: usize = 1_000_000;

/// A request and its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The host of the `Host` header, in lower case, without a port.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// The status of the response.
    pub status: u16,
    /// The time of arrival.
    pub at: Instant,
    /// The bytes of the response body that were sent so far.
    pub bytes: u64,
    /// True if the request had `If-None-Match` or `If-Modified-Since`.
    pub conditional: bool,
}

/// Counts the bytes of one body while it is sent.
pub(crate) type ByteCount = Arc<AtomicU64>;

#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<VecDeque<(LoggedRequest, ByteCount)>>);

impl Log {
    /// `bytes` may still grow.
    pub(crate) fn push(&self, request: LoggedRequest, bytes: ByteCount) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() >= MAX_REQUESTS {
            requests.pop_front();
        }
        requests.push_back((request, bytes));
    }

    pub(crate) fn requests(&self) -> Vec<LoggedRequest> {
        let requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = |(request, bytes): &(LoggedRequest, ByteCount)| LoggedRequest {
            bytes: bytes.load(Ordering::Relaxed),
            ..request.clone()
        };
        requests.iter().map(now).collect()
    }
}
