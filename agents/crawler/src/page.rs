//! Pages that sources name.

use std::sync::Arc;

use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use url::Url;

/// A page that a source names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) url: Url,
    pub(crate) hint: Hint,
    pub(crate) lane: Lane,
}

impl From<Url> for Named {
    fn from(url: Url) -> Self {
        Self { url, hint: Hint::default(), lane: Lane::Rest }
    }
}

/// A page that was found.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its address.
    pub url: Url,
    /// The feed, site or list that named it.
    pub source: Arc<str>,
    /// The source's words about it.
    pub hint: Hint,
    /// The pages that it waits with.
    pub lane: Lane,
    /// Held until it is worked off.
    unfinished: Option<TaskTrackerToken>,
}

impl Page {
    /// A page that `source` names.
    pub(crate) fn named_by(source: Arc<str>, named: Named) -> Self {
        let Named { url, hint, lane } = named;
        Self { url, source, hint, lane, unfinished: None }
    }

    /// The page that this one led to: whoever waits for this one waits for that.
    pub(crate) fn led_to(&self, url: Url) -> Self {
        Self {
            url,
            source: Arc::clone(&self.source),
            hint: self.hint.clone(),
            lane: self.lane,
            unfinished: self.unfinished.clone(),
        }
    }

    /// The same, tracked until it is worked off.
    pub(crate) fn tracked(self, unfinished: Option<&TaskTracker>) -> Self {
        Self { unfinished: unfinished.map(TaskTracker::token), ..self }
    }
}

/// The order of pages within a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// From a feed or a news sitemap.
    News,
    /// From other sitemaps, lists and links.
    Rest,
}

/// A feed's or sitemap's words about a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// Stands in where the page has none.
    pub title: Option<String>,
    /// Stands in where the page has none.
    pub published_at: Option<courant_article::PublishedAt>,
    /// The language of the feed, ISO 639-1; stands in where the page has none.
    pub language: Option<String>,
    /// True if the feed's entry names no authors: those in `feed` are of the whole feed.
    pub authors_are_inherited: bool,
    /// When it changed last, Unix milliseconds.
    pub changed_at_ms: Option<i64>,
    /// The feed's own fields, to go with the article.
    pub feed: courant_article::FeedFields,
}

impl Hint {
    /// Returns true if the source states a title and a date, which speaks for an article.
    pub(crate) fn is_listed(&self) -> bool {
        self.title.is_some() && (self.published_at.is_some() || self.changed_at_ms.is_some())
    }
}
