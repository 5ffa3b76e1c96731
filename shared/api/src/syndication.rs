//! Queries as feeds for feed readers: RSS 2.0, Atom and JSON Feed.

mod channel;
mod json_feed;
mod xml;

use schemars::JsonSchema;
use serde::Deserialize;

pub use channel::{Channel, ChannelItem};

/// The format of a feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedFormat {
    /// RSS 2.0.
    Rss,
    /// Atom (RFC 4287).
    #[default]
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// Returns the media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }

    /// Writes a feed in this format.
    pub fn write(self, channel: &Channel) -> String {
        match self {
            Self::Rss => xml::rss(channel),
            Self::Atom => xml::atom(channel),
            Self::Json => json_feed::write(channel),
        }
    }
}

/// Writes the description of the search for browsers and feed readers. `base` is the address of the
/// service.
pub fn open_search(base: &str) -> String {
    xml::open_search(base)
}

#[cfg(test)]
mod tests;
