//! The faults that a server can have.

use std::time::Duration;

/// A fault that the responses of a path show until it is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The response is delayed by this time.
    Slow(Duration),
    /// 429 with `Retry-After`, in whole seconds.
    TooManyRequests {
        /// The value of `Retry-After`.
        retry_after: Duration,
    },
    /// 403.
    Forbidden,
    /// 500.
    Error500,
    /// Half of the body is sent, then the connection is closed.
    Truncated,
    /// A body that goes on for a minute or 256 MiB, whichever comes first.
    Endless,
    /// 302 to the same URL.
    RedirectLoop,
}

/// Returns true if `pattern` covers `path`. A pattern covers the path that equals it. If it ends
/// with `*`, it covers every path that starts with the rest.
pub(crate) fn is_meant(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    }
}
