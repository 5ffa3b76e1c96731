//! A feed, whatever its format.

/// A feed, whatever its format.
#[derive(Clone, Debug)]
pub struct Channel {
    /// The name of the feed.
    pub title: String,
    /// The address of the feed itself.
    pub address: String,
    /// The newest first.
    pub items: Vec<ChannelItem>,
}

/// An article in a feed.
#[derive(Clone, Debug)]
pub struct ChannelItem {
    /// The id of the article.
    pub id: String,
    /// The address.
    pub url: String,
    /// The headline.
    pub title: String,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// The part of the text that is shown.
    pub summary: String,
    /// When it was published, else observed.
    pub time: jiff::Timestamp,
}

impl ChannelItem {
    /// The name of the article in feeds. It stays the same wherever the service runs.
    pub(super) fn urn(&self) -> String {
        format!("urn:courant:article:{}", self.id)
    }
}

impl Channel {
    /// The time of the newest item; the start of Unix time if there is none.
    pub(super) fn updated(&self) -> jiff::Timestamp {
        self.items.iter().map(|item| item.time).max().unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}
