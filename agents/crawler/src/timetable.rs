//! When each feed, sitemap and site is looked at again. The timetable is kept in
//! the store, so that a restart asks nobody sooner than planned.
//!
//! A look is written down when the pages that it named have been worked off:
//! sooner, a crash would lose them until the feed's next turn, and by then it may
//! not name them any more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use courant_article::ContentHash;
use courant_store::Listing;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::agent::Extent;
use crate::crawl::{Crawl, domain_of};
use crate::error::Fruitless;
use crate::interval::{self, Asked, Look};
use crate::outcome::{Ended, Failure};
use crate::remote::Found;

/// How soon a source is looked at again at the earliest, whatever the plan.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Looks whose pages are not worked off yet, by URL.
#[derive(Debug, Default)]
pub(crate) struct Unwritten(Mutex<HashMap<String, Listing>>);

impl Unwritten {
    fn get(&self, url: &Url) -> Option<Listing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url.as_str()).cloned()
    }

    fn put(&self, listing: &Listing) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.insert(listing.url.clone(), listing.clone());
    }

    /// Unless a later look has taken its place.
    fn remove(&self, listing: &Listing) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.get(&listing.url) == Some(listing) {
            looks.remove(&listing.url);
        }
    }
}

/// What is known of a listing after its turn in a round.
pub(crate) struct Looked {
    pub(crate) listing: Listing,
    /// What the look brought; `None` where its time has not come.
    pub(crate) found: Option<Result<Found, Fruitless>>,
}

impl Crawl {
    /// Looks at a feed, sitemap or site if its time has come, and queues the pages
    /// that it names.
    ///
    /// # Errors
    /// If the crawl is being stopped or the store is away: nothing was noted.
    pub(crate) async fn look(self: &Arc<Self>, url: &Url) -> Result<Looked, Ended> {
        let before = match self.unwritten.get(url) {
            Some(before) => Some(before),
            None => self.memory.listing(url).await?,
        };
        if let Some(listing) = before.as_ref().filter(|before| !self.is_time_for(before)) {
            self.tell(listing);
            return Ok(Looked { listing: listing.clone(), found: None });
        }
        let pages = TaskTracker::new();
        let (found, asked) = self.read_listing(url, before.as_ref(), &pages).await;
        if let Err(Fruitless::NotFetched(
            ended @ (Ended::Interrupted | Ended::Failed(Failure::Store)),
        )) = &found
        {
            return Err(*ended);
        }
        let listing = self.planned(url, before, &found, asked);
        self.tell(&listing);
        self.unwritten.put(&listing);
        pages.close();
        self.workers.spawn(write_down(Arc::clone(self), listing.clone(), pages));
        Ok(Looked { listing, found: Some(found) })
    }

    fn is_time_for(&self, listing: &Listing) -> bool {
        self.extent == Extent::Everything || listing.next_check_at_ms <= self.clock.unix_ms()
    }

    fn tell(&self, listing: &Listing) {
        self.control.detail("listings", self.followed.note(listing));
    }

    fn planned(
        &self,
        url: &Url,
        before: Option<Listing>,
        found: &Result<Found, Fruitless>,
        asked: Asked,
    ) -> Listing {
        let kept =
            before.as_ref().map(|kept| (Duration::from_secs(kept.interval_s), kept.failures));
        let before = before.unwrap_or_default();
        let (look, kind, fingerprint, leads_to) = match found {
            Err(_) => (Look::Failed, before.kind, before.fingerprint, before.leads_to),
            Ok(found) => {
                let is_same = before.fingerprint == Some(found.fingerprint);
                let look = if is_same { Look::Unchanged } else { Look::Changed };
                let leads_to = found.leads_to.iter().map(Url::to_string).collect();
                (look, found.kind.to_owned(), Some(found.fingerprint), leads_to)
            }
        };
        let bounds = self.config.bounds();
        let next = interval::next(kept, look, asked.wait, bounds);
        let checked_at_ms = self.clock.unix_ms();
        let after = |wait: Duration| {
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            checked_at_ms.saturating_add(wait_ms)
        };
        Listing {
            url: url.to_string(),
            kind,
            checked_at_ms,
            next_check_at_ms: asked.quiet.end(after(next.wait)).min(after(bounds.most)),
            interval_s: next.interval.as_secs(),
            failures: next.failures,
            problem: found.as_ref().err().map(ToString::to_string),
            fingerprint,
            leads_to,
        }
    }

    /// What a server that refused asks to be spared for.
    pub(crate) async fn rest_of(&self, url: &Url) -> Duration {
        self.politeness.rest_of(&domain_of(url)).await
    }

    /// Waits until the time, in Unix milliseconds, has come.
    pub(crate) async fn until(&self, at_ms: i64) {
        let wait_ms = at_ms.saturating_sub(self.clock.unix_ms());
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
        tokio::time::sleep(wait.max(SHORTEST_WAIT)).await;
    }
}

/// Writes a look down when its pages are worked off. A crawl that is stopped
/// before leaves the listing due.
async fn write_down(crawl: Arc<Crawl>, listing: Listing, pages: TaskTracker) {
    tokio::select! {
        biased;
        () = pages.wait() => {}
        () = crawl.stop.cancelled() => return,
    }
    crawl.memory.remember_listing(&listing).await;
    crawl.unwritten.remove(&listing);
}

/// Names what a listing names: the same for the same pages, whatever else its
/// body says of counters and build dates.
pub(crate) fn fingerprint<'a>(lines: impl Iterator<Item = (&'a Url, Option<i64>)>) -> ContentHash {
    let mut text = String::new();
    for (url, changed_at_ms) in lines {
        text.push_str(url.as_str());
        text.push(' ');
        text.push_str(&changed_at_ms.unwrap_or_default().to_string());
        text.push('\n');
    }
    ContentHash::of_normalized(&text)
}
