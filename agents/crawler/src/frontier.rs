//! The pages that wait, one queue per registered domain.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use url::Url;

/// URLs remembered. With more, all are forgotten: some pages are asked for twice.
const MAX_SEEN: usize = 5_000_000;

/// A page that was found.
#[derive(Debug)]
pub(crate) struct Page {
    /// Where it is.
    pub url: Url,
    /// The feed, site or list that named it.
    pub source: Arc<str>,
    /// What that said about it.
    pub hint: Hint,
}

/// What a feed or sitemap says about a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// Stands in where the page has none.
    pub title: Option<String>,
    /// Stands in where the page has none.
    pub published_at: Option<courant_article::PublishedAt>,
    /// When it changed last, Unix milliseconds.
    pub changed_at_ms: Option<i64>,
}

/// What became of a page that was offered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// It waits.
    Queued {
        /// Nobody works on its domain yet.
        needs_worker: bool,
    },
    /// It was found before in this round.
    Seen,
    /// There is no room.
    Full,
}

/// The queues.
#[derive(Debug)]
pub(crate) struct Frontier {
    room: Arc<Semaphore>,
    capacity: usize,
    /// Whether a page is remembered after it was worked off.
    remembers: bool,
    hasher: RandomState,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<String, VecDeque<Queued>>,
    /// Hashes of URLs: 8 bytes instead of 100.
    seen: HashSet<u64>,
}

#[derive(Debug)]
struct Queued {
    page: Page,
    seen_as: u64,
    room: OwnedSemaphorePermit,
}

/// A page at work. It makes room when it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    pub page: Page,
    seen_as: u64,
    room: OwnedSemaphorePermit,
}

impl Frontier {
    /// `remembers`: for one round, each URL is let in once; else each is let in
    /// again when it was worked off.
    pub(crate) fn new(capacity: usize, remembers: bool) -> Self {
        Self {
            room: Arc::new(Semaphore::new(capacity)),
            capacity,
            remembers,
            hasher: RandomState::new(),
            state: Mutex::default(),
        }
    }

    /// Queues a page if there is room. `key`: what it is known by, its canonical
    /// URL; `domain`: whose queue it waits in.
    pub(crate) fn offer(&self, page: Page, key: &str, domain: &str) -> Offered {
        match self.room.clone().try_acquire_owned() {
            Ok(room) => self.queue(page, key, domain, room),
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => Offered::Full,
        }
    }

    /// The same, but waits for room.
    pub(crate) async fn offer_patiently(&self, page: Page, key: &str, domain: &str) -> Offered {
        match self.room.clone().acquire_owned().await {
            Ok(room) => self.queue(page, key, domain, room),
            Err(_closed) => Offered::Full,
        }
    }

    fn queue(&self, page: Page, key: &str, domain: &str, room: OwnedSemaphorePermit) -> Offered {
        let seen_as = self.hasher.hash_one(key);
        let mut state = self.lock();
        if state.seen.len() >= MAX_SEEN {
            state.seen.clear();
        }
        if !state.seen.insert(seen_as) {
            return Offered::Seen;
        }
        let queued = Queued { page, seen_as, room };
        if let Some(queue) = state.queues.get_mut(domain) {
            queue.push_back(queued);
            return Offered::Queued { needs_worker: false };
        }
        state.queues.insert(domain.to_owned(), VecDeque::from([queued]));
        Offered::Queued { needs_worker: true }
    }

    /// The next page of `domain`. After `None` the domain has no queue, and the
    /// next page offered finds nobody at work on it.
    pub(crate) fn take(&self, domain: &str) -> Option<Taken> {
        let mut state = self.lock();
        let next = state.queues.get_mut(domain).and_then(VecDeque::pop_front);
        if next.is_none() {
            state.queues.remove(domain);
        }
        next.map(|Queued { page, seen_as, room }| Taken { page, seen_as, room })
    }

    /// The page was worked off.
    pub(crate) fn done(&self, taken: Taken) {
        let Taken { page: _, seen_as, room } = taken;
        if !self.remembers {
            self.lock().seen.remove(&seen_as);
        }
        drop(room);
    }

    /// Pages waiting or at work.
    pub(crate) fn len(&self) -> usize {
        self.capacity - self.room.available_permits()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUED_FIRST: Offered = Offered::Queued { needs_worker: true };
    const QUEUED: Offered = Offered::Queued { needs_worker: false };

    fn page(url: &str) -> Page {
        Page { url: url.parse().unwrap(), source: "test".into(), hint: Hint::default() }
    }

    fn offer(frontier: &Frontier, url: &str) -> Offered {
        frontier.offer(page(url), url, "a.example")
    }

    #[test]
    fn a_url_is_let_in_once_a_round() {
        let frontier = Frontier::new(10, true);
        assert_eq!(offer(&frontier, "https://a.example/1"), QUEUED_FIRST);
        assert_eq!(offer(&frontier, "https://a.example/2"), QUEUED);
        assert_eq!(offer(&frontier, "https://a.example/1"), Offered::Seen);
        let taken = frontier.take("a.example").unwrap();
        assert_eq!(taken.page.url.path(), "/1");
        frontier.done(taken);
        assert_eq!(offer(&frontier, "https://a.example/1"), Offered::Seen);
    }

    #[test]
    fn without_rounds_a_url_comes_again_when_it_was_worked_off() {
        let frontier = Frontier::new(10, false);
        offer(&frontier, "https://a.example/1");
        let taken = frontier.take("a.example").unwrap();
        assert_eq!(offer(&frontier, "https://a.example/1"), Offered::Seen);
        frontier.done(taken);
        assert_eq!(offer(&frontier, "https://a.example/1"), QUEUED);
    }

    #[test]
    fn an_emptied_domain_has_nobody_at_work() {
        let frontier = Frontier::new(10, true);
        offer(&frontier, "https://a.example/1");
        assert!(frontier.take("a.example").is_some());
        assert!(frontier.take("a.example").is_none());
        assert_eq!(offer(&frontier, "https://a.example/2"), QUEUED_FIRST);
    }

    #[tokio::test]
    async fn a_full_frontier_refuses_or_lets_wait() {
        let frontier = Frontier::new(1, true);
        offer(&frontier, "https://a.example/1");
        assert_eq!(offer(&frontier, "https://a.example/2"), Offered::Full);
        assert_eq!(frontier.len(), 1);
        let patient = frontier.offer_patiently(page("https://b.example/"), "b", "b.example");
        let work = async { frontier.done(frontier.take("a.example").unwrap()) };
        let (offered, ()) = tokio::join!(patient, work);
        assert_eq!(offered, QUEUED_FIRST);
    }
}
