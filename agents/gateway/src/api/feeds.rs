//! The sources that the crawler follows, read from its timetable in the store: the crawler
//! may be another process.

use courant_store::{Listing, SourceHealth};
use schemars::JsonSchema;
use serde::Serialize;

use super::Api;
use crate::error::ApiError;

/// Feeds in one answer, and how many if nobody says.
pub(crate) const MAX_FEEDS: usize = 1_000;
/// Failing ones that the status names.
const MAX_NAMED: usize = 20;

/// The health of the feeds, sitemaps and sites that the crawler follows.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FeedsView {
    pub(crate) followed: u64,
    /// Those of them whose last look failed.
    pub(crate) failing: u64,
    /// The worst of those, with the most failures in a row first; at most 20.
    pub(crate) worst: Vec<FeedView>,
}

/// A feed, sitemap, site or list of feeds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FeedView {
    pub(crate) url: String,
    /// `feed`, `sitemap`, `site`, `list` or `opml`; empty until it could be read.
    pub(crate) kind: String,
    /// When it was looked at last, RFC 3339.
    pub(crate) checked_at: Option<String>,
    /// When it is looked at again at the earliest, RFC 3339; null where its server said that it
    /// is gone for good.
    pub(crate) next_check_at: Option<String>,
    /// Seconds between two looks that fit how often it changes.
    pub(crate) interval_s: u64,
    /// Looks in a row that failed.
    pub(crate) failures: u32,
    /// Why the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

/// A part of what is followed, in the order of the URLs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FeedsPage {
    pub(crate) feeds: Vec<FeedView>,
    /// The value of `after` that gets the next part; null at the end.
    pub(crate) next: Option<String>,
}

impl Api {
    /// At most `limit` of what is followed, those behind the URL `after`.
    pub(crate) async fn feeds(&self, after: &str, limit: usize) -> Result<FeedsPage, ApiError> {
        if !(1..=MAX_FEEDS).contains(&limit) {
            return Err(ApiError::Invalid(format!("limit is {limit}; give 1 to {MAX_FEEDS}")));
        }
        let feeds = self.store.crawl().listings(after, limit).await?;
        let next = feeds.last().filter(|_| feeds.len() == limit).map(|last| last.url.clone());
        Ok(FeedsPage { feeds: feeds.into_iter().map(Into::into).collect(), next })
    }

    /// The health of all of them.
    pub(crate) async fn source_health(&self) -> Result<FeedsView, courant_store::Error> {
        let SourceHealth { listings, failing, worst } =
            self.store.crawl().health(MAX_NAMED).await?;
        let worst = worst.into_iter().map(Into::into).collect();
        Ok(FeedsView { followed: listings, failing, worst })
    }
}

impl From<Listing> for FeedView {
    fn from(listing: Listing) -> Self {
        let has_ended = listing.has_ended();
        Self {
            url: listing.url,
            kind: listing.kind,
            checked_at: rfc_3339(listing.checked_at_ms),
            next_check_at: rfc_3339(listing.next_check_at_ms).filter(|_| !has_ended),
            interval_s: listing.interval_s,
            failures: listing.failures,
            problem: listing.problem,
        }
    }
}

fn rfc_3339(unix_ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(unix_ms).ok()?;
    Some(time.strftime("%FT%TZ").to_string())
}
