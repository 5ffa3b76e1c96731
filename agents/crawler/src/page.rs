//! Pages that sources name, and the sources' words about them.

use std::sync::Arc;

use courant_article::{Entry, MAX_TAGS};
use serde::{Deserialize, Serialize};
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

/// A page that was found and is to be handled.
#[derive(Debug)]
pub(crate) struct Page {
    /// The address of the page.
    pub url: Url,
    /// The feed, site or list that named it.
    pub source: Arc<str>,
    /// The source's data about the page.
    pub hint: Hint,
    /// The lane of the queue that the page waits in.
    pub lane: Lane,
    /// The request for the page, if somebody submitted its address.
    pub requested: Option<Arc<Requested>>,
    /// Held until the page is finished.
    unfinished: Option<TaskTrackerToken>,
}

impl Page {
    /// Creates a page that `source` names.
    pub(crate) fn named_by(source: Arc<str>, named: Named) -> Self {
        let Named { url, hint, lane } = named;
        Self { url, source, hint, lane, requested: None, unfinished: None }
    }

    /// Returns the page that this one led to. Whoever waits for this page now waits for that one.
    pub(crate) fn led_to(&self, url: Url) -> Self {
        Self {
            url,
            source: Arc::clone(&self.source),
            hint: self.hint.clone(),
            lane: self.lane,
            requested: self.requested.clone(),
            unfinished: self.unfinished.clone(),
        }
    }

    /// Returns the same page, for which somebody asked.
    pub(crate) fn requested_by(self, requested: Option<Arc<Requested>>) -> Self {
        Self { requested, ..self }
    }

    /// Returns the same page, which `unfinished` tracks until it is finished.
    pub(crate) fn tracked(self, unfinished: Option<&TaskTracker>) -> Self {
        Self { unfinished: unfinished.map(TaskTracker::token), ..self }
    }
}

/// The submitter's words about a page whose address was submitted. Such a page is fetched even if it
/// is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requested {
    /// The name of the submission.
    pub submission_id: String,
    /// The submitter's own tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The submitter's own name for the article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outer_id: Option<String>,
}

impl Requested {
    /// Adds the submitter's words to the entry of the page.
    pub(crate) fn mark(&self, entry: &mut Entry) {
        entry.submission_id.clone_from(&self.submission_id);
        entry.page.outer_id.clone_from(&self.outer_id);
        let of_page = std::mem::take(&mut entry.page.tags);
        let new = of_page.into_iter().filter(|tag| !self.tags.contains(tag));
        entry.page.tags = self.tags.iter().cloned().chain(new).take(MAX_TAGS).collect();
    }
}

/// The priority of a page within its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// From a feed or a news sitemap.
    News,
    /// From other sitemaps, lists and links.
    Rest,
}

/// A feed's or sitemap's data about a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// Used if the page has none.
    pub title: Option<String>,
    /// Used if the page has none.
    pub published_at: Option<courant_article::PublishedAt>,
    /// The language of the feed, or of the publication in a news sitemap, ISO 639-1. Used if the
    /// page has none.
    pub language: Option<String>,
    /// True if the feed's entry names no authors. The authors in `feed` are then those of the
    /// whole feed.
    pub authors_are_inherited: bool,
    /// The time of the page's last change, in Unix milliseconds.
    pub changed_at_ms: Option<i64>,
    /// The feed's own fields, which are sent with the article.
    pub feed: courant_article::FeedFields,
}

impl Hint {
    /// Returns true if the source states a title and a date, which suggests that the page is an
    /// article.
    pub(crate) fn is_listed(&self) -> bool {
        self.title.is_some() && (self.published_at.is_some() || self.changed_at_ms.is_some())
    }
}
