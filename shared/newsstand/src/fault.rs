//! What can go wrong with a server.

use std::time::Duration;

/// How a path misbehaves until the fault is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The answer comes after this time.
    Slow(Duration),
    /// 429 with `Retry-After`, in whole seconds.
    TooManyRequests {
        /// What `Retry-After` says.
        retry_after: Duration,
    },
    /// 403.
    Forbidden,
    /// 500.
    Error500,
    /// Half of the body, then the connection breaks off.
    Truncated,
    /// A body that goes on for a minute or 256 MiB, whichever comes first.
    Endless,
    /// 302 to itself.
    RedirectLoop,
}

/// Whether `path` is meant by `pattern`: the path itself, or with a `*` at the
/// end everything that starts so.
pub(crate) fn is_meant(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    }
}
