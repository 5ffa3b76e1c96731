//! RSS, Atom, RDF, CDF and JSON Feed in one shape.
//!
//! One tolerant walk reads every XML vocabulary. Broken feeds are as common as sound ones, and the
//! entries before the damage are still news. The reader follows the test cases of `feedparser` if a
//! format leaves a choice open. Written by hand, since `feed-rs` is less tolerant of broken feeds.

use url::Url;

use crate::isolate::isolated;
use crate::{charset, gzip};

mod construct;
mod entry;
mod json;
mod names;
mod prose;
mod reader;
mod schedule;
mod scope;
mod types;
mod values;
mod vocabulary;

pub use prose::Prose;
pub use types::{Feed, FeedEntry, FeedError, FeedKind, MAX_FEED_BYTES};
pub(crate) use values::link;

/// Reads a feed of any format. `charset_hint`: the `Content-Type` of the response, or a charset.
/// `base`: the URL from which the feed was fetched. Relative links are resolved against it, or
/// against the feed's home page if it is `None`.
///
/// A feed that is not well-formed gives the part that can be read.
///
/// # Errors
/// [`FeedError`] if the bytes are no feed, or are too large.
pub fn feed(
    bytes: &[u8],
    charset_hint: Option<&str>,
    base: Option<&Url>,
) -> Result<Feed, FeedError> {
    feed_within(bytes, charset_hint, base, MAX_FEED_BYTES)
}

/// Reads a feed, as [`feed`] does, of at most `limit` bytes when unpacked.
///
/// # Errors
/// The errors of [`feed`].
pub fn feed_within(
    bytes: &[u8],
    charset_hint: Option<&str>,
    base: Option<&Url>,
    limit: usize,
) -> Result<Feed, FeedError> {
    let inflated;
    let bytes = if gzip::is_gzip(bytes) {
        let one_more = limit.saturating_add(1);
        inflated = gzip::inflate(bytes, one_more).ok_or(FeedError::Gzip)?;
        inflated.as_slice()
    } else {
        bytes
    };
    if bytes.len() > limit {
        return Err(FeedError::TooLarge { bytes: bytes.len(), limit });
    }
    isolated(|| read(&charset::decode(bytes, charset_hint, base.into()), base))
        .map_err(FeedError::Panicked)?
}

fn read(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if start.starts_with('{') {
        return json::read(start, base);
    }
    // A script may have printed any warning before the feed.
    let start = text.find("<?xml").or_else(|| text.find('<')).ok_or(FeedError::Unknown)?;
    reader::read(&text[start..], base).ok_or(FeedError::Unknown)
}

#[cfg(test)]
mod tests;
