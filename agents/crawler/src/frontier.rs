//! Keeps the waiting pages, in one queue per registered domain.
//!
//! In a queue, news comes before other pages, and the sources that named the pages take turns:
//! a sitemap of a million old pages delays no news, and leaves room for other sources. Print
//! views come last, after the stories that they show.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use courant_extract::is_print_url;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::notes::Notes;
use crate::page::{Lane, Page};

/// The most URLs that are remembered. At this number all are forgotten, and some pages are
/// fetched twice.
const MAX_SEEN: usize = 5_000_000;

/// The result of offering a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// The page waits in its queue.
    Queued {
        /// True if its domain has no worker yet.
        needs_worker: bool,
    },
    /// The page is known already: it was found before in this round, or it still waits.
    Seen,
    /// The queues have no room.
    Full,
}

/// The queues of all domains.
#[derive(Debug)]
pub(crate) struct Frontier {
    room: Arc<Semaphore>,
    /// The share of `room` that pages other than news may use.
    room_for_rest: Arc<Semaphore>,
    capacity: usize,
    /// True if a page stays known after it is finished.
    remembers: bool,
    hasher: RandomState,
    state: Mutex<State>,
    /// Records the waiting pages, if set.
    notes: Option<Arc<Notes>>,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<String, Queue>,
    /// Hashes of canonical URLs: 8 bytes instead of about 100.
    seen: HashSet<u64>,
}

/// The pages that wait for one domain.
#[derive(Debug, Default)]
struct Queue {
    news: Shares,
    rest: Shares,
    print_views: Shares,
}

impl Queue {
    fn push(&mut self, queued: Queued) {
        match queued.page.lane {
            _ if is_print_url(&queued.page.url) => self.print_views.push(queued),
            Lane::News => self.news.push(queued),
            Lane::Rest => self.rest.push(queued),
        }
    }

    fn pop(&mut self) -> Option<Queued> {
        self.news.pop().or_else(|| self.rest.pop()).or_else(|| self.print_views.pop())
    }
}

/// Pages grouped by the source that named them. The sources take turns.
#[derive(Debug, Default)]
struct Shares(VecDeque<(Arc<str>, VecDeque<Queued>)>);

impl Shares {
    fn push(&mut self, queued: Queued) {
        match self.0.iter_mut().find(|(source, _)| *source == queued.page.source) {
            Some((_, pages)) => pages.push_back(queued),
            None => self.0.push_back((Arc::clone(&queued.page.source), [queued].into())),
        }
    }

    fn pop(&mut self) -> Option<Queued> {
        let (source, mut pages) = self.0.pop_front()?;
        let next = pages.pop_front();
        if !pages.is_empty() {
            self.0.push_back((source, pages));
        }
        next
    }
}

#[derive(Debug)]
struct Queued {
    page: Page,
    seen_as: u64,
    room: Room,
}

/// A page's claim to room in the queues.
#[derive(Debug)]
struct Room {
    _any: OwnedSemaphorePermit,
    _for_rest: Option<OwnedSemaphorePermit>,
}

/// A page that was taken from its queue. Its room is free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    pub page: Page,
    seen_as: u64,
    room: Room,
}

impl Frontier {
    /// Creates queues for at most `capacity` pages. A quarter of the room is kept for news. With
    /// `remembers`, each URL is accepted once; otherwise it is accepted again after it is finished.
    pub(crate) fn new(capacity: usize, remembers: bool) -> Self {
        Self {
            room: Arc::new(Semaphore::new(capacity)),
            room_for_rest: Arc::new(Semaphore::new(capacity - capacity / 4)),
            capacity,
            remembers,
            hasher: RandomState::new(),
            state: Mutex::default(),
            notes: None,
        }
    }

    /// Returns the same queues, which now record the waiting pages in `notes`.
    pub(crate) fn noting(self, notes: Arc<Notes>) -> Self {
        Self { notes: Some(notes), ..self }
    }

    /// Queues a page if there is room. `key` is the page's canonical URL, which identifies it.
    /// `domain` is the registered domain whose queue it joins.
    pub(crate) fn offer(&self, page: Page, key: &str, domain: &str) -> Offered {
        match self.room_at_once(page.lane) {
            Some(room) => self.queue(page, key, domain, room),
            None => Offered::Full,
        }
    }

    fn room_at_once(&self, lane: Lane) -> Option<Room> {
        let for_rest = match lane {
            Lane::News => None,
            Lane::Rest => Some(self.room_for_rest.clone().try_acquire_owned().ok()?),
        };
        let any = self.room.clone().try_acquire_owned().ok()?;
        Some(Room { _any: any, _for_rest: for_rest })
    }

    /// Queues a page like [`Self::offer`], but waits until there is room.
    pub(crate) async fn offer_patiently(&self, page: Page, key: &str, domain: &str) -> Offered {
        match self.room_in_time(page.lane).await {
            Ok(room) => self.queue(page, key, domain, room),
            Err(_closed) => Offered::Full,
        }
    }

    async fn room_in_time(&self, lane: Lane) -> Result<Room, AcquireError> {
        let for_rest = match lane {
            Lane::News => None,
            Lane::Rest => Some(self.room_for_rest.clone().acquire_owned().await?),
        };
        let any = self.room.clone().acquire_owned().await?;
        Ok(Room { _any: any, _for_rest: for_rest })
    }

    fn queue(&self, page: Page, key: &str, domain: &str, room: Room) -> Offered {
        let seen_as = self.hasher.hash_one(key);
        let mut state = self.lock();
        if state.seen.len() >= MAX_SEEN {
            state.seen.clear();
        }
        if !state.seen.insert(seen_as) {
            return Offered::Seen;
        }
        // The note comes first: whoever takes the page may delete its note.
        if let Some(notes) = &self.notes {
            notes.keep_page(&page);
        }
        let queued = Queued { page, seen_as, room };
        let needs_worker = !state.queues.contains_key(domain);
        state.queues.entry(domain.to_owned()).or_default().push(queued);
        Offered::Queued { needs_worker }
    }

    /// Takes the next page of `domain`. Removes the domain's queue if it is empty: the next page
    /// that is offered needs a new worker.
    pub(crate) fn take(&self, domain: &str) -> Option<Taken> {
        let mut state = self.lock();
        let next = state.queues.get_mut(domain).and_then(Queue::pop);
        if next.is_none() {
            state.queues.remove(domain);
        }
        next.map(|Queued { page, seen_as, room }| Taken { page, seen_as, room })
    }

    /// Creates a queue for `domain` if it has none. Returns true if the domain needs a worker.
    pub(crate) fn open(&self, domain: &str) -> bool {
        let mut state = self.lock();
        let needs_worker = !state.queues.contains_key(domain);
        state.queues.entry(domain.to_owned()).or_default();
        needs_worker
    }

    /// Puts an unfinished page back into its queue.
    pub(crate) fn put_back(&self, taken: Taken, domain: &str) {
        let Taken { page, seen_as, room } = taken;
        let queued = Queued { page, seen_as, room };
        self.lock().queues.entry(domain.to_owned()).or_default().push(queued);
    }

    /// Marks the page as finished and frees its room.
    pub(crate) fn done(&self, taken: Taken) {
        let Taken { page: _, seen_as, room } = taken;
        if !self.remembers {
            self.lock().seen.remove(&seen_as);
        }
        drop(room);
    }

    /// Returns the number of pages that there is room for.
    pub(crate) fn room(&self) -> usize {
        self.room.available_permits()
    }

    /// Returns the number of pages that wait or are being handled.
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
    use crate::page::{Hint, Named};

    const QUEUED_FIRST: Offered = Offered::Queued { needs_worker: true };
    const QUEUED: Offered = Offered::Queued { needs_worker: false };

    fn page(url: &str) -> Page {
        page_from("test", url, Lane::Rest)
    }

    fn page_from(source: &str, url: &str, lane: Lane) -> Page {
        let url = url.parse().unwrap();
        Page::named_by(source.into(), Named { url, hint: Hint::default(), lane })
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

    #[test]
    fn a_page_that_is_put_back_comes_again_in_the_same_round() {
        let frontier = Frontier::new(10, true);
        assert!(frontier.open("a.example"));
        assert_eq!(offer(&frontier, "https://a.example/1"), QUEUED);
        let taken = frontier.take("a.example").unwrap();
        frontier.put_back(taken, "a.example");
        assert_eq!(frontier.take("a.example").unwrap().page.url.path(), "/1");
        assert!(!frontier.open("a.example"));
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

    #[test]
    fn news_comes_first_and_sources_take_turns() {
        let frontier = Frontier::new(100, true);
        let offer = |source: &str, name: String, lane| {
            let url = format!("https://a.example/{name}");
            frontier.offer(page_from(source, &url, lane), &url, "a.example")
        };
        for n in 0..4 {
            offer("archive", format!("old{n}"), Lane::Rest);
        }
        offer("links", "linked".into(), Lane::Rest);
        for n in 0..2 {
            offer("feed", format!("new{n}"), Lane::News);
        }
        offer("other feed", "other".into(), Lane::News);
        let taken =
            || frontier.take("a.example").map(|taken| taken.page.url.path()[1..].to_owned());
        let order: Vec<_> = std::iter::from_fn(taken).collect();
        assert_eq!(order, ["new0", "other", "new1", "old0", "linked", "old1", "old2", "old3"]);
    }

    #[test]
    fn print_views_come_last_whoever_names_them() {
        let frontier = Frontier::new(100, true);
        for (path, lane) in [
            ("print/story", Lane::News),
            ("story?print=1", Lane::Rest),
            ("story", Lane::Rest),
            ("news", Lane::News),
        ] {
            let url = format!("https://a.example/{path}");
            frontier.offer(page_from("any", &url, lane), &url, "a.example");
        }
        let taken = || frontier.take("a.example").map(|taken| taken.page.url.to_string());
        let order: Vec<_> = std::iter::from_fn(taken).collect();
        let last = ["https://a.example/print/story", "https://a.example/story?print=1"];
        assert_eq!(order[..2], ["https://a.example/news", "https://a.example/story"]);
        assert_eq!(order[2..], last);
    }

    #[test]
    fn a_huge_sitemap_leaves_room_for_news() {
        let frontier = Frontier::new(8, true);
        let offer = |n: usize, lane| {
            let url = format!("https://{n}.example/");
            frontier.offer(page_from("any", &url, lane), &url, &url)
        };
        let full = (0..20).filter(|n| offer(*n, Lane::Rest) == Offered::Full).count();
        assert_eq!(full, 14);
        let news = (20..30).filter(|n| offer(*n, Lane::News) == QUEUED_FIRST).count();
        assert_eq!(news, 2);
    }
}
