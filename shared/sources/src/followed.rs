//! Keeps the sources that the crawler follows: the means to stop and to wake the work on each, and
//! their state for the status.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use courant_store::Listing;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

/// The most failing listings that the status names. Those with the most failures come first.
const MAX_NAMED: usize = 5;

/// The followed sources and the state of their listings. The configuration, the store and their
/// OPML files bound their number.
#[derive(Debug, Default)]
pub struct Followed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    begun: HashMap<Url, Following>,
    /// Listings by URL; `None` while the listing does not fail.
    looked_at: BTreeMap<String, Option<Failing>>,
}

/// The means to steer the work on one source.
#[derive(Clone, Debug)]
pub struct Following {
    /// Cancelled when the source is followed no longer.
    pub stop: CancellationToken,
    /// Notified when a look may be due sooner than planned.
    pub look_now: Arc<Notify>,
    /// True if a record in the store asks for it, which may end.
    pub is_requested: bool,
}

#[derive(Debug)]
struct Failing {
    times: u32,
    problem: String,
    next_check_at_ms: i64,
}

impl Followed {
    /// Returns the means to steer the work on `url` if nobody follows it yet. The caller follows it
    /// from now on, until `parent` is cancelled or the source is stopped.
    pub fn begin(
        &self,
        url: &Url,
        parent: &CancellationToken,
        is_requested: bool,
    ) -> Option<Following> {
        let mut state = self.lock();
        if state.begun.contains_key(url) {
            return None;
        }
        let (stop, look_now) = (parent.child_token(), Arc::new(Notify::new()));
        let following = Following { stop, look_now, is_requested };
        state.begun.insert(url.clone(), following.clone());
        Some(following)
    }

    /// Returns the followed sources that a record in the store asks for.
    pub fn requested(&self) -> Vec<Url> {
        let state = self.lock();
        let requested = state.begun.iter().filter(|(_, following)| following.is_requested);
        requested.map(|(url, _)| url.clone()).collect()
    }

    /// Stops the work on `url`, and on the feeds that it led to.
    pub fn stop(&self, url: &Url) {
        if let Some(following) = self.lock().begun.remove(url) {
            following.stop.cancel();
        }
    }

    /// Ends the work on `url`, unless it was begun again. Forgets the state of its `listings`.
    pub fn end(&self, url: &Url, following: &Following, listings: &[String]) {
        let mut state = self.lock();
        match state.begun.get(url) {
            Some(begun) if !Arc::ptr_eq(&begun.look_now, &following.look_now) => return,
            _ => drop(state.begun.remove(url)),
        }
        for listing in listings {
            state.looked_at.remove(listing);
        }
    }

    /// Wakes the work on `url`, or on all sources if nobody follows `url` by itself.
    pub fn wake(&self, url: Option<&Url>) {
        let state = self.lock();
        match url.and_then(|url| state.begun.get(url)) {
            Some(following) => following.look_now.notify_one(),
            None => state.begun.values().for_each(|following| following.look_now.notify_one()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the state of a listing. Returns the state of all listings as text.
    pub fn note(&self, listing: &Listing) -> String {
        let failing = (listing.failures > 0).then(|| Failing {
            times: listing.failures,
            problem: listing.problem.clone().unwrap_or_default(),
            next_check_at_ms: listing.next_check_at_ms,
        });
        let mut state = self.lock();
        state.looked_at.insert(listing.url.clone(), failing);
        summary(&state.looked_at)
    }
}

fn summary(looked_at: &BTreeMap<String, Option<Failing>>) -> String {
    let failing = looked_at.iter().filter_map(|(url, failing)| Some((url, failing.as_ref()?)));
    let mut failing: Vec<_> = failing.collect();
    failing.sort_by_key(|(_, failing)| std::cmp::Reverse(failing.times));
    let mut text = format!("{} followed, {} failing", looked_at.len(), failing.len());
    for (url, Failing { times, problem, next_check_at_ms }) in failing.iter().take(MAX_NAMED) {
        let next = jiff::Timestamp::from_millisecond(*next_check_at_ms).unwrap_or_default();
        let next = match *next_check_at_ms {
            Listing::NEVER_MS => "no further look".to_owned(),
            _ => next.strftime("next look at %FT%TZ").to_string(),
        };
        // Writing to a string cannot fail.
        let _ = write!(text, "; {url} {times} times in a row ({problem}), {next}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(url: &str, failures: u32) -> Listing {
        let problem = (failures > 0).then(|| "not fetched: timeout".to_owned());
        let next_check_at_ms = 1_700_000_000_000;
        Listing { url: url.into(), failures, problem, next_check_at_ms, ..Listing::default() }
    }

    #[test]
    fn the_status_names_what_fails_and_when_it_is_looked_at_again() {
        let followed = Followed::default();
        assert_eq!(followed.note(&listing("http://a.example/", 0)), "1 followed, 0 failing");
        assert_eq!(
            followed.note(&listing("http://b.example/feed", 7)),
            "2 followed, 1 failing; http://b.example/feed 7 times in a row (not fetched: timeout), \
             next look at 2023-11-14T22:13:20Z"
        );
        assert_eq!(followed.note(&listing("http://b.example/feed", 0)), "2 followed, 0 failing");
    }

    #[test]
    fn a_source_that_has_ended_is_named_without_a_next_look() {
        let gone = Listing {
            next_check_at_ms: Listing::NEVER_MS,
            problem: Some("gone for good".into()),
            ..listing("http://a.example/feed", 1)
        };
        let text = Followed::default().note(&gone);
        assert!(text.ends_with("1 times in a row (gone for good), no further look"), "{text}");
    }

    #[test]
    fn the_worst_are_named_and_the_others_counted() {
        let followed = Followed::default();
        let texts = (1..=20).map(|n| followed.note(&listing(&format!("http://{n}.example/"), n)));
        let text = texts.last().unwrap();
        assert!(text.starts_with("20 followed, 20 failing; http://20.example/ 20 times"), "{text}");
        assert_eq!(text.matches("next look").count(), MAX_NAMED);
    }

    #[test]
    fn nobody_is_followed_twice() {
        let followed = Followed::default();
        let url: Url = "http://a.example/".parse().unwrap();
        let crawl = CancellationToken::new();
        let first = followed.begin(&url, &crawl, true).unwrap();
        assert!(followed.begin(&url, &crawl, true).is_none());
        assert_eq!(followed.requested(), std::slice::from_ref(&url));
        followed.stop(&url);
        assert!(first.stop.is_cancelled() && !crawl.is_cancelled());
        let again = followed.begin(&url, &crawl, false).unwrap();
        followed.end(&url, &first, &[]);
        assert!(followed.begin(&url, &crawl, false).is_none(), "it was begun again");
        followed.end(&url, &again, &[]);
        assert!(followed.begin(&url, &crawl, false).is_some());
    }

    #[test]
    fn a_source_that_ends_is_told_of_no_longer() {
        let followed = Followed::default();
        let url: Url = "http://a.example/".parse().unwrap();
        let following = followed.begin(&url, &CancellationToken::new(), true).unwrap();
        followed.note(&listing("http://a.example/", 3));
        followed.end(&url, &following, &["http://a.example/".to_owned()]);
        assert_eq!(followed.note(&listing("http://b.example/", 0)), "1 followed, 0 failing");
    }
}
