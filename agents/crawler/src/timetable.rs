//! Plans the times at which feeds, sitemaps and sites are looked at. The store keeps the times,
//! so that a restarted crawler requests nothing sooner than planned.
//!
//! A look is recorded only when the pages that it named are finished. If it were recorded
//! earlier, a crash would lose these pages until the next look, and the feed may no longer name
//! them by then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use courant_article::ContentHash;
use courant_service::Control;
use courant_sources::{Bounds, Followed, Look, Next, PublisherLimits, next};
use courant_store::Listing;
use courant_telemetry::Clock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::error::Fruitless;
use crate::extent::Extent;
use crate::intake::Intake;
use crate::memory::Memory;
use crate::outcome::{Ended, Refusal};
use crate::page::Named;

/// The shortest wait until a source is looked at again, even if the plan says sooner.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Looks whose pages are not finished yet, by URL.
#[derive(Debug, Default)]
struct Unwritten(Mutex<HashMap<String, Listing>>);

impl Unwritten {
    fn get(&self, url: &Url) -> Option<Listing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(url.as_str()).cloned()
    }

    fn put(&self, listing: &Listing) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.insert(listing.url.clone(), listing.clone());
    }

    /// Removes a look, unless a later one has replaced it.
    fn remove(&self, listing: &Listing) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.get(&listing.url) == Some(listing) {
            looks.remove(&listing.url);
        }
    }
}

/// The pages and listings that a listing names.
#[derive(Debug)]
pub(crate) struct Found {
    /// The kind of listing.
    pub(crate) kind: &'static str,
    /// The number of pages that it named. They are queued already.
    pub(crate) named: usize,
    /// A hash of everything that it names.
    pub(crate) fingerprint: ContentHash,
    /// The feeds and sitemaps that it names.
    pub(crate) leads_to: Vec<Url>,
    /// Links that are queued if nothing else leads to a page.
    pub(crate) links: Vec<Named>,
}

/// The past and planned looks at all listings.
pub(crate) struct Timetable {
    bounds: Bounds,
    /// The wait before another try to look at a listing whose domain another crawler has.
    elsewhere: Duration,
    extent: Extent,
    clock: Clock,
    memory: Arc<Memory>,
    control: Control,
    pub(crate) followed: Followed,
    unwritten: Unwritten,
}

impl Timetable {
    pub(crate) fn new(
        bounds: Bounds,
        elsewhere: Duration,
        extent: Extent,
        clock: Clock,
        memory: Arc<Memory>,
        intake: &Intake,
    ) -> Self {
        Self {
            bounds,
            elsewhere,
            extent,
            clock,
            memory,
            control: intake.control.clone(),
            followed: Followed::default(),
            unwritten: Unwritten::default(),
        }
    }

    /// Returns the last look at the listing at `url`.
    pub(crate) async fn last_look(&self, url: &Url) -> Result<Option<Listing>, Ended> {
        let look = match self.unwritten.get(url) {
            Some(look) => Some(look),
            None => self.memory.listing(url).await?,
        };
        if let Some(listing) = look.as_ref().filter(|look| !self.is_due(look)) {
            self.tell(listing);
        }
        Ok(look)
    }

    /// Returns true if the next look is due. A listing that is gone for good is never due.
    pub(crate) fn is_due(&self, listing: &Listing) -> bool {
        let has_come = listing.next_check_at_ms <= self.clock.unix_ms();
        !listing.has_ended() && (has_come || self.extent == Extent::Everything)
    }

    fn tell(&self, listing: &Listing) {
        self.control.detail("listings", self.followed.note(listing));
    }

    /// Plans the next look at `url` from the result of this one.
    pub(crate) fn plan(
        &self,
        url: &Url,
        before: Option<Listing>,
        found: &Result<Found, Fruitless>,
        limits: PublisherLimits,
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
        let Next { interval, failures, wait } = next(kept, look, limits.wait, self.bounds);
        let checked_at_ms = self.clock.unix_ms();
        let latest_ms = after(checked_at_ms, self.bounds.most);
        let planned_ms = limits.quiet.end(after(checked_at_ms, wait)).min(latest_ms);
        let is_gone = matches!(found, Err(Fruitless::NotFetched(Ended::Refused(Refusal::Gone))));
        let listing = Listing {
            url: url.to_string(),
            kind,
            checked_at_ms,
            next_check_at_ms: if is_gone { Listing::NEVER_MS } else { planned_ms },
            interval_s: interval.as_secs(),
            failures,
            problem: found.as_ref().err().map(ToString::to_string),
            fingerprint,
            leads_to,
        };
        self.tell(&listing);
        self.unwritten.put(&listing);
        listing
    }

    /// Records a look when its pages are finished. If the work on its source is stopped earlier, the
    /// listing stays due.
    pub(crate) async fn write_down(
        &self,
        listing: Listing,
        pages: TaskTracker,
        stop: CancellationToken,
    ) {
        tokio::select! {
            biased;
            () = stop.cancelled() => return self.unwritten.remove(&listing),
            () = pages.wait() => {}
        }
        self.memory.remember_listing(&listing).await;
        self.unwritten.remove(&listing);
    }

    /// Returns the listing for a due look whose domain another crawler has. It is checked again
    /// soon: the other crawler may have looked by then.
    pub(crate) fn elsewhere(&self, url: &Url, before: Option<Listing>) -> Listing {
        let next_check_at_ms = after(self.clock.unix_ms(), self.elsewhere);
        Listing { url: url.to_string(), next_check_at_ms, ..before.unwrap_or_default() }
    }

    /// Returns the time, in Unix milliseconds, to try again a source that could not be read.
    pub(crate) fn retry_at_ms(&self) -> i64 {
        after(self.clock.unix_ms(), self.bounds.least)
    }

    /// Waits until `at_ms`, in Unix milliseconds, but at least one second.
    pub(crate) async fn until(&self, at_ms: i64) {
        let wait_ms = at_ms.saturating_sub(self.clock.unix_ms());
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
        tokio::time::sleep(wait.max(SHORTEST_WAIT)).await;
    }
}

fn after(at_ms: i64, wait: Duration) -> i64 {
    at_ms.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

/// Hashes the pages that a listing names. The hash ignores everything else in the body, such as
/// counters and build dates.
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
