//! The entry that is submitted, and the article that the gateway makes of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArticleId, ContentHash, Evidence, FeedFields, PageFields, PublishedAt, Revision};

/// The longest text that travels; longer ones are cut and flagged.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// A text of at most [`MAX_TEXT_BYTES`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    content: String,
    truncated: bool,
}

impl Text {
    /// Cuts `content` at a character boundary where it is too long.
    pub fn new(mut content: String) -> Self {
        let truncated = content.len() > MAX_TEXT_BYTES;
        if truncated {
            content.truncate(content.floor_char_boundary(MAX_TEXT_BYTES));
        }
        Self { content, truncated }
    }

    /// The same, for a text that may have been cut before.
    pub fn with_flag(content: String, truncated: bool) -> Self {
        let text = Self::new(content);
        Self { truncated: text.truncated || truncated, ..text }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.content
    }

    /// Returns true if something was cut off.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

/// An article as it was found or sent: it has not passed the gateway yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Names this submission in the gateway's decision; chosen by the submitter.
    pub submission_id: String,
    /// The URL from which the page was fetched, or the sender's name for it.
    pub url: String,
    /// The canonical URL that the page declares.
    pub declared_canonical_url: Option<String>,
    /// The headline.
    pub title: String,
    /// Names of the authors, in the page's order.
    pub authors: Vec<String>,
    /// When it was published, as the page or the feed that names it says.
    pub published_at: Option<PublishedAt>,
    /// ISO 639-1, as the page declares it.
    pub language: Option<String>,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The main text.
    pub text: Text,
    /// When the submitter saw it.
    pub observed_at: Revision,
    /// The feed, site or program it came from.
    pub source: String,
    /// The page's other statements.
    #[serde(default)]
    pub page: PageFields,
    /// The words of the feed that named the page; empty where none did.
    #[serde(default)]
    pub feed: FeedFields,
    /// The sources that the values come from.
    #[serde(default)]
    pub evidence: Evidence,
}

/// The gateway's decision on an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Neither the URL nor the text was seen before.
    New,
    /// Seen before: nothing is done.
    Duplicate,
    /// A changed text under a known URL: a new version.
    Revision,
    /// Another publisher's copy of a known text: let in and linked to the first.
    Syndicated,
    /// Not an article that can be handled.
    Refused,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Duplicate, Self::Revision, Self::Syndicated, Self::Refused];

    /// The name in JSON and in metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Duplicate => "duplicate",
            Self::Revision => "revision",
            Self::Syndicated => "syndicated",
            Self::Refused => "refused",
        }
    }

    /// Returns true if the entry goes on to the embedder.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::New | Self::Revision | Self::Syndicated)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An article that the gateway let in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// Its name, made from its canonical URL.
    pub id: ArticleId,
    /// Which version of it this is.
    pub revision: Revision,
    /// The URL at which to read it: the canonical URL that the page declares if that counts,
    /// else the URL at which it was found. It is not the canonical form, which names an article
    /// but may not be fetchable.
    pub url: String,
    /// The hash of its normalized text.
    pub content_hash: ContentHash,
    /// The headline.
    pub title: String,
    /// Names of the authors, in the page's order.
    pub authors: Vec<String>,
    /// When it was published, as the page or the feed that names it says.
    pub published_at: Option<PublishedAt>,
    /// ISO 639-1, as the page declares it; what was detected stands in
    /// [`crate::Analysis::language`].
    pub declared_language: Option<String>,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The main text.
    pub text: Text,
    /// The feed, site or program it came from.
    pub source: String,
    /// The submission that led here.
    pub submission_id: String,
    /// Why it was let in.
    pub decision: Decision,
    /// The article of another publisher that had this text first.
    pub syndicated_of: Option<ArticleId>,
    /// The page's other statements.
    #[serde(default)]
    pub page: PageFields,
    /// The words of the feed that named the page; empty where none did.
    #[serde(default)]
    pub feed: FeedFields,
    /// The sources that the values come from.
    #[serde(default)]
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters_and_flagged() {
        let text = Text::new("é".repeat(MAX_TEXT_BYTES));
        assert!(text.is_truncated());
        assert!(text.as_str().len() <= MAX_TEXT_BYTES);
        assert!(text.as_str().chars().all(|c| c == 'é'));
        assert!(!Text::new("short".into()).is_truncated());
    }
}
