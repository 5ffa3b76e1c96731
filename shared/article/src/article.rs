//! The entry that is submitted, and the article that the gateway makes of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ArticleId, ContentHash, Evidence, FeedFields, PageFields, PublishedAt, Revision};

/// The most bytes of a text in a message. Longer texts are cut and flagged.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// A text of at most [`MAX_TEXT_BYTES`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    content: String,
    truncated: bool,
}

impl Text {
    /// Takes a text, and cuts it at a character boundary if it is too long.
    pub fn new(mut content: String) -> Self {
        let truncated = content.len() > MAX_TEXT_BYTES;
        if truncated {
            content.truncate(content.floor_char_boundary(MAX_TEXT_BYTES));
        }
        Self { content, truncated }
    }

    /// Does the same as [`Self::new`] for a text that may have been cut before. `truncated` is true
    /// if it was cut.
    pub fn with_flag(content: String, truncated: bool) -> Self {
        let text = Self::new(content);
        Self { truncated: text.truncated || truncated, ..text }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.content
    }

    /// Returns true if the end of the text was cut off.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

/// An article as it was found or sent. The gateway has not decided on it yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of this submission in the gateway's decision. The submitter chooses it.
    pub submission_id: String,
    /// The URL from which the page was fetched, or the sender's name for it.
    pub url: String,
    /// The canonical URL that the page declares.
    pub declared_canonical_url: Option<String>,
    /// The headline.
    pub title: String,
    /// Names of the authors, in the page's order.
    pub authors: Vec<String>,
    /// The publishing time, as stated by the page or by the feed that names the page.
    pub published_at: Option<PublishedAt>,
    /// The language that the page declares, ISO 639-1.
    pub language: Option<String>,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The main text.
    pub text: Text,
    /// The time at which the submitter saw this version.
    pub observed_at: Revision,
    /// The feed, site or program that the entry came from.
    pub source: String,
    /// The page's other statements.
    #[serde(default)]
    pub page: PageFields,
    /// The statements of the feed that named the page; empty if no feed named it.
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
    /// The entry was seen before. Nothing is done.
    Duplicate,
    /// A known URL has a changed text. The entry becomes a new version.
    Revision,
    /// The text is known from another publisher. The entry is let in and linked to the first
    /// article.
    Syndicated,
    /// The entry cannot be handled as an article.
    Refused,
}

impl Decision {
    /// Every decision.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Duplicate, Self::Revision, Self::Syndicated, Self::Refused];

    /// Returns the name in JSON and in metric labels.
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
    /// The article's id, made from its canonical URL.
    pub id: ArticleId,
    /// The version of the article.
    pub revision: Revision,
    /// The URL for readers: the canonical URL that the page declares if the gateway accepts it,
    /// else the URL at which the page was found. It is not the canonical form, which names an
    /// article but may not be fetchable.
    pub url: String,
    /// The hash of the normalized text.
    pub content_hash: ContentHash,
    /// The headline.
    pub title: String,
    /// Names of the authors, in the page's order.
    pub authors: Vec<String>,
    /// The publishing time, as stated by the page or by the feed that names the page.
    pub published_at: Option<PublishedAt>,
    /// The language that the page declares, ISO 639-1. [`crate::Analysis::language`] has the
    /// detected one.
    pub declared_language: Option<String>,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The main text.
    pub text: Text,
    /// The feed, site or program that the article came from.
    pub source: String,
    /// The submission that the article came from.
    pub submission_id: String,
    /// The decision that let the article in.
    pub decision: Decision,
    /// The other publisher's article that had this text first.
    pub syndicated_of: Option<ArticleId>,
    /// The page's other statements.
    #[serde(default)]
    pub page: PageFields,
    /// The statements of the feed that named the page; empty if no feed named it.
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
