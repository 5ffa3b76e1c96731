//! Keeps the sources that the crawler follows, for its status.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use courant_store::Listing;
use url::Url;

/// The most failing listings that the status names. Those with the most failures come first.
const MAX_NAMED: usize = 5;

/// The followed sources and the state of their listings. The configuration and its OPML files
/// bound their number.
#[derive(Debug, Default)]
pub(crate) struct Followed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    begun: HashSet<Url>,
    /// Listings by URL; `None` while the listing does not fail.
    looked_at: BTreeMap<String, Option<Failing>>,
}

#[derive(Debug)]
struct Failing {
    times: u32,
    problem: String,
    next_check_at_ms: i64,
}

impl Followed {
    /// Returns true if nobody follows `url` yet. The caller follows it from now on.
    pub(crate) fn begin(&self, url: &Url) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).begun.insert(url.clone())
    }

    /// Records the state of a listing. Returns the state of all listings as text.
    pub(crate) fn note(&self, listing: &Listing) -> String {
        let failing = (listing.failures > 0).then(|| Failing {
            times: listing.failures,
            problem: listing.problem.clone().unwrap_or_default(),
            next_check_at_ms: listing.next_check_at_ms,
        });
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
        assert!(followed.begin(&url));
        assert!(!followed.begin(&url));
    }
}
