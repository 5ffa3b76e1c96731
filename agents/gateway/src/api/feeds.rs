//! The sources that the crawler follows, read from its timetable in the store: the crawler
//! may be another process.

use courant_api::feeds::{FeedView, FeedsPage, FeedsView};
use courant_store::{Listing, SourceHealth};

use super::Api;
use crate::error::ApiError;

/// Feeds in one answer, and how many if nobody says.
pub(crate) const MAX_FEEDS: usize = 1_000;
/// Failing ones that the status names.
const MAX_NAMED: usize = 20;

impl Api {
    /// At most `limit` of what is followed, those behind the URL `after`.
    pub(crate) async fn feeds(&self, after: &str, limit: usize) -> Result<FeedsPage, ApiError> {
        if !(1..=MAX_FEEDS).contains(&limit) {
            return Err(ApiError::Invalid(format!("limit is {limit}; give 1 to {MAX_FEEDS}")));
        }
        let feeds = self.store.crawl().listings(after, limit).await?;
        let next = feeds.last().filter(|_| feeds.len() == limit).map(|last| last.url.clone());
        Ok(FeedsPage { feeds: feeds.into_iter().map(view).collect(), next })
    }

    /// The health of all of them.
    pub(crate) async fn source_health(&self) -> Result<FeedsView, courant_store::Error> {
        let SourceHealth { listings, failing, worst } =
            self.store.crawl().health(MAX_NAMED).await?;
        let worst = worst.into_iter().map(view).collect();
        Ok(FeedsView { followed: listings, failing, worst })
    }
}

fn view(listing: Listing) -> FeedView {
    let has_ended = listing.has_ended();
    FeedView {
        url: listing.url,
        kind: listing.kind,
        checked_at: rfc_3339(listing.checked_at_ms),
        next_check_at: rfc_3339(listing.next_check_at_ms).filter(|_| !has_ended),
        interval_s: listing.interval_s,
        failures: listing.failures,
        problem: listing.problem,
    }
}

pub(crate) fn rfc_3339(unix_ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(unix_ms).ok()?;
    Some(time.strftime("%FT%TZ").to_string())
}
