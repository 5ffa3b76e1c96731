//! Subjects: the names that messages are published under.

use std::fmt;

/// The subject of a message, without the prefix of the pipeline. A subject that ends in `.>`
/// stands for all subjects below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(&'static str);

impl Subject {
    /// Work: an article as it was crawled or submitted.
    pub const ENTRY_SUBMITTED: Self = Self::new("entry.submitted");
    /// Work: an article that the gateway accepted.
    pub const ARTICLE_ACCEPTED: Self = Self::new("article.accepted");
    /// Work: an article with vectors.
    pub const ARTICLE_EMBEDDED: Self = Self::new("article.embedded");
    /// Work: an article with analyses.
    pub const ARTICLE_ANALYZED: Self = Self::new("article.analyzed");
    /// Work: a page or source to fetch now.
    pub const CRAWL_REQUESTED: Self = Self::new("crawl.requested");
    /// Work: articles to delete.
    pub const DELETE_ARTICLES: Self = Self::new("command.storage.delete");
    /// Work: articles whose vectors must be computed again.
    pub const REEMBED_ARTICLES: Self = Self::new("command.embedder.reembed");
    /// Work: an alert to deliver.
    pub const ALERT_RAISED: Self = Self::new("alert.raised");
    /// Event: an article is in the store.
    pub const ARTICLE_STORED: Self = Self::new("article.stored");
    /// Event: an article was deleted.
    pub const ARTICLE_DELETED: Self = Self::new("article.deleted");
    /// Event: a submission was decided on.
    pub const ENTRY_DECIDED: Self = Self::new("entry.decided");
    /// Event: a story has grown, merged or ended.
    pub const STORY_CHANGED: Self = Self::new("story.changed");
    /// Events: all events about models.
    pub const MODELS: Self = Self::new("model.>");
    /// Every dead letter. The stage is part of the subject, such as `dlq.storage`.
    pub const DEAD_LETTERS: Self = Self::new("dlq.>");
    /// Request: the vectors of short texts.
    pub const REQUEST_EMBED: Self = Self::new("request.embed");
    /// Request: the scores of passages for a query.
    pub const REQUEST_RERANK: Self = Self::new("request.rerank");
    /// Request: a check of which URLs are known.
    pub const REQUEST_KNOWN: Self = Self::new("request.known");
    /// Broadcast: the rate at which the pipeline accepts entries.
    pub const CONTROL_PRESSURE: Self = Self::new("control.pressure");
    /// Broadcast: cached answers that are out of date.
    pub const CONTROL_INVALIDATE: Self = Self::new("control.invalidate");
    /// Broadcast: the sources in the store have changed.
    pub const CONTROL_SOURCES: Self = Self::new("control.sources");

    /// Defines a subject. `name`: lower-case words, joined by dots.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the name without the prefix, such as `entry.submitted`.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// True if `name` is this subject, or lies below it.
    pub(crate) fn covers(self, name: &str) -> bool {
        match self.0.strip_suffix('>') {
            Some(stem) => name.len() > stem.len() && name.starts_with(stem),
            None => self.0 == name,
        }
    }

    /// True if it stands for several subjects: nothing is published under it.
    pub(crate) fn is_pattern(self) -> bool {
        self.0.ends_with('>')
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_what_lies_below_it_and_nothing_else() {
        assert!(Subject::MODELS.covers("model.promoted"));
        assert!(Subject::MODELS.covers("model.>"));
        assert!(!Subject::MODELS.covers("model."));
        assert!(!Subject::MODELS.covers("models.promoted"));
        assert!(Subject::ENTRY_DECIDED.covers("entry.decided"));
        assert!(!Subject::ENTRY_DECIDED.covers("entry.decided.twice"));
    }
}
