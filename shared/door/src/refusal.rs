//! The reasons why an entry is refused.

use courant_dedup::InvalidUrl;

/// Why an entry is not an article that can be handled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// The URL is not valid.
    #[error("{0}")]
    Url(#[from] InvalidUrl),
    /// The text has no words.
    #[error("it has no text")]
    NoText,
    /// The text is too short for an article.
    #[error("it has {words} words, fewer than {least}")]
    TooShort {
        /// The number of words in the text.
        words: usize,
        /// The least number of words that is needed.
        least: usize,
    },
    /// The article was deleted on request, or its text is that of a deleted article.
    #[error("the article was deleted on request")]
    Deleted,
    /// The submission has no time of observation.
    #[error("it does not say when it was observed")]
    NoTime,
}
