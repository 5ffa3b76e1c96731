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
    /// 410.
    Gone,
    /// An answer that browsers understand although it breaks a rule.
    Odd(Oddity),
}

/// An answer that browsers understand although it breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// 302 to itself until the cookie that it sets comes back.
    CookieWall,
    /// 302 to an address with letters beyond ASCII, as UTF-8.
    RawLocation,
    /// A page that sends its readers on by a `meta` element, to the path with `?again`.
    MetaRefresh,
    /// The same by the header `Refresh`.
    RefreshHeader,
    /// `Content-Encoding: gzip` over a body that is not packed.
    PlainCalledGzip,
    /// A body that is packed twice, with one `Content-Encoding: gzip`.
    GzipTwice,
    /// A bare deflate stream in place of zlib.
    RawDeflate,
    /// A whole body under a `Content-Length` that is too long.
    LongLength,
    /// A page in UTF-8 that the header calls ISO-8859-1.
    Latin1Label,
    /// A page of 200 that asks whether its reader is a person.
    BotCheck,
}

/// Returns true if `pattern` covers `path`. A pattern covers the path that equals it. If it ends
/// with `*`, it covers every path that starts with the rest.
pub(crate) fn is_meant(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None => path == pattern,
    }
}
