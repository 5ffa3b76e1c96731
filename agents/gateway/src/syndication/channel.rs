//! A feed, whatever its format.

/// A feed, whatever its format.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) title: String,
    /// The address of the feed itself.
    pub(crate) address: String,
    /// The newest first.
    pub(crate) items: Vec<ChannelItem>,
}

/// An article in a feed.
#[derive(Clone, Debug)]
pub(crate) struct ChannelItem {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) site_name: Option<String>,
    pub(crate) language: Option<String>,
    pub(crate) summary: String,
    /// When it was published, else observed.
    pub(crate) time: jiff::Timestamp,
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
