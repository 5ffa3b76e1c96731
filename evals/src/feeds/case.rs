//! Reads a test case of `feedparser`: a feed with the expectation in a comment.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// The test case of one file.
pub(crate) struct FeedCase {
    pub(crate) bytes: Vec<u8>,
    /// A Python expression; empty if the file has none.
    pub(crate) expectation: String,
    /// The URL that the feed was fetched from.
    pub(crate) base: String,
}

impl FeedCase {
    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        // The comments are ASCII, even if the feed is UTF-16 or UTF-32.
        let text: String =
            bytes.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
        let comment = text.split("-->").next().unwrap_or_default();
        let expectation = comment.split_once("Expect:").map_or("", |parts| parts.1).trim();
        let base = comment.lines().find_map(|line| line.split_once("Content-Location:"));
        let base = base.map_or(super::SERVED_AT, |parts| parts.1.trim()).to_owned();
        Ok(Self { expectation: expectation.to_owned(), base, bytes })
    }
}
