//! What every part of a running crawl shares.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use courant_bus::{Bus, Settled};
use courant_dedup::{canonicalize, registered_domain_of};
use courant_service::Control;
use courant_store::NoteKind;
use courant_telemetry::Clock;
use moka::future::Cache;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::Config;
use crate::agent::Extent;
use crate::error::Error;
use crate::fetch::{Document, Fetcher};
use crate::followed::Followed;
use crate::frontier::{Frontier, Offered, Page};
use crate::handle;
use crate::known::KnownElsewhere;
use crate::memory::{Memory, Remembered};
use crate::metrics::Metrics;
use crate::notes;
use crate::outcome::{Ended, Outcome, Refusal};
use crate::pace::Pace;
use crate::politeness::Politeness;
use crate::progress::{Progress, Report};
use crate::robots::RobotsCache;
use crate::timetable::Unwritten;

/// What the feeds and sitemaps kept for conditional requests may weigh.
const MAX_LISTING_BYTES: u64 = 32 * 1024 * 1024;

/// Domains that are left alone from the start.
const MAX_PAUSES: usize = 10_000;

/// A running crawl.
pub(crate) struct Crawl {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) bus: Bus,
    pub(crate) memory: Memory,
    pub(crate) metrics: Metrics,
    pub(crate) progress: Progress,
    pub(crate) fetcher: Fetcher,
    pub(crate) politeness: Politeness,
    pub(crate) robots: RobotsCache,
    pub(crate) pace: Pace,
    pub(crate) frontier: Frontier,
    /// Feeds and sitemaps as they were last, to be asked for conditionally.
    pub(crate) listings: Cache<Url, Arc<Document>>,
    /// Pages in work.
    pub(crate) slots: Arc<Semaphore>,
    /// Pages being extracted.
    pub(crate) cores: Arc<Semaphore>,
    pub(crate) control: Control,
    /// Ends the crawl: a shutdown, or a failure.
    pub(crate) stop: CancellationToken,
    /// One task per domain with pages, and one per source that is followed.
    pub(crate) workers: TaskTracker,
    pub(crate) followed: Followed,
    pub(crate) unwritten: Unwritten,
    pub(crate) extent: Extent,
    known: KnownElsewhere,
    failure: Mutex<Option<Error>>,
}

/// What `run` puts together.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) bus: Bus,
    pub(crate) memory: Memory,
    pub(crate) metrics: Metrics,
    pub(crate) progress: Progress,
    pub(crate) fetcher: Fetcher,
    pub(crate) stop: CancellationToken,
}

impl Crawl {
    pub(crate) fn new(parts: Parts, control: Control, extent: Extent) -> Self {
        let Parts { config, clock, bus, memory, metrics, progress, fetcher, stop } = parts;
        let max_wait = Duration::from_secs(config.max_retry_after_s);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let weigh = |_: &Url, listing: &Arc<Document>| {
            u32::try_from(listing.body.len()).unwrap_or(u32::MAX)
        };
        Self {
            politeness: Politeness::new(config.min_delay(), max_wait),
            robots: RobotsCache::new(),
            pace: Pace::new(),
            frontier: Frontier::new(config.max_queued_pages, extent != Extent::Forever)
                .noting(Arc::clone(&memory.notes)),
            listings: Cache::builder().max_capacity(MAX_LISTING_BYTES).weigher(weigh).build(),
            slots: Arc::new(Semaphore::new(config.concurrency)),
            cores: Arc::new(Semaphore::new(cores)),
            stop,
            control,
            workers: TaskTracker::new(),
            followed: Followed::default(),
            unwritten: Unwritten::default(),
            extent,
            known: KnownElsewhere::new(bus.clone()),
            failure: Mutex::default(),
            config,
            clock,
            bus,
            memory,
            metrics,
            progress,
            fetcher,
        }
    }

    /// Ends the crawl with `error`; the first one counts.
    pub(crate) fn give_up(&self, error: Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.stop.cancel();
    }

    /// Why the crawl ended early.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes up what was noted before: who is to be left alone and, unless every
    /// source is read again at once, the pages that waited.
    pub(crate) async fn go_on_where_it_was(self: &Arc<Self>) {
        // Why nothing is known has been logged.
        let pauses = self.memory.all_notes(NoteKind::Pause, MAX_PAUSES).await;
        for (pause, rest) in pauses.unwrap_or_default() {
            self.politeness.leave_alone(&pause.name, rest);
        }
        if self.extent == Extent::Everything {
            return;
        }
        let most = self.config.max_queued_pages;
        let pages = self.memory.all_notes(NoteKind::Page, most).await.unwrap_or_default();
        for page in pages.iter().filter_map(|(note, _)| notes::page(note)) {
            self.offer(page);
        }
    }

    /// Waits while the crawler is paused or the pipeline wants no more.
    pub(crate) async fn wait_for_demand(&self) -> Result<(), Ended> {
        let demand = async { self.control.running().await && self.paced().await };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Ended::Interrupted),
            goes_on = demand => if goes_on { Ok(()) } else { Err(Ended::Interrupted) },
        }
    }

    async fn paced(&self) -> bool {
        self.pace.ready().await;
        true
    }

    /// Puts a page that was found into its queue, if there is room.
    pub(crate) fn offer(self: &Arc<Self>, page: Page) {
        let Some((key, domain)) = self.admit_page(&page) else {
            return;
        };
        let offered = self.frontier.offer(page, &key, &domain);
        self.note_offer(&offered, domain);
    }

    /// The same, but waits for room: for lists that can be read slowly.
    pub(crate) async fn offer_patiently(self: &Arc<Self>, page: Page) {
        let Some((key, domain)) = self.admit_page(&page) else {
            return;
        };
        let offered = tokio::select! {
            biased;
            () = self.stop.cancelled() => return,
            offered = self.frontier.offer_patiently(page, &key, &domain) => offered,
        };
        self.note_offer(&offered, domain);
    }

    fn admit_page(&self, page: &Page) -> Option<(String, String)> {
        let key = canonicalize(page.url.as_str());
        if key.is_err() {
            self.found_and_settled(&Err(Refusal::InvalidUrl.into()));
        }
        key.ok().map(|key| (key.as_str().to_owned(), domain_of(&page.url)))
    }

    fn note_offer(self: &Arc<Self>, offered: &Offered, domain: String) {
        match offered {
            Offered::Seen => {}
            Offered::Full => self.found_and_settled(&Err(Refusal::FrontierFull.into())),
            Offered::Queued { needs_worker } => {
                self.progress.count(|report| report.found += 1);
                self.metrics.frontier(self.frontier.len());
                if *needs_worker {
                    self.workers.spawn(work_off_domain(Arc::clone(self), domain));
                }
            }
        }
    }

    /// Accounts for something that never waited in a queue.
    pub(crate) fn found_and_settled(&self, ended: &Result<Outcome, Ended>) {
        self.progress.count(|report| report.found += 1);
        self.settle(ended);
    }

    /// Accounts for a page that was found.
    pub(crate) fn settle(&self, ended: &Result<Outcome, Ended>) {
        self.progress.count(|report| count(report, ended));
        let (outcome, reason, settled) = match ended {
            Ok(outcome) => (outcome.as_str(), "", Settled::Acknowledged),
            Err(Ended::Refused(refusal)) => ("refused", refusal.as_str(), Settled::Dead),
            Err(Ended::Failed(failure)) => {
                ("failed", failure.as_str(), Settled::Retried(Duration::ZERO))
            }
            Err(Ended::Interrupted) => return,
        };
        self.metrics.page(outcome, reason);
        self.control.count(settled);
        self.control.detail("pages", self.progress.report().to_string());
    }

    /// Whether nothing is to be gained from asking for the page now.
    pub(crate) async fn is_known_and_recent(&self, page: &Page) -> Result<bool, Ended> {
        match self.memory.recall(&page.url).await? {
            Some(before) => Ok(self.extent != Extent::Everything && !self.is_due(&before, page)),
            None => Ok(self.is_known_elsewhere(page).await),
        }
    }

    fn is_due(&self, before: &Remembered, page: &Page) -> bool {
        let age_ms = self.clock.unix_ms() - before.visited_at_ms;
        let changed = page.hint.changed_at_ms.is_some_and(|at| at > before.visited_at_ms);
        changed || age_ms / 1_000 >= i64::try_from(self.config.recheck_after_s).unwrap_or(i64::MAX)
    }

    /// Whether the gateway has let the page in from somebody else. It counts as
    /// visited then, so that the next crawl looks for changes.
    async fn is_known_elsewhere(&self, page: &Page) -> bool {
        let known = self.known.has(&page.url).await;
        if known {
            let visited_at_ms = self.clock.unix_ms();
            let visit = Remembered { visited_at_ms, ..Remembered::default() };
            self.memory.remember(&page.url, visit).await;
        }
        known
    }
}

/// Works off the queue of one domain, page by page, until it is empty.
async fn work_off_domain(crawl: Arc<Crawl>, domain: String) {
    while !crawl.stop.is_cancelled() {
        let Some(taken) = crawl.frontier.take(&domain) else {
            return;
        };
        let in_flight = crawl.control.in_flight();
        let ended = handle::page(&crawl, &taken.page).await;
        drop(in_flight);
        crawl.settle(&ended);
        if ended != Err(Ended::Interrupted) {
            crawl.memory.notes.forget_page(&taken.page.url);
        }
        crawl.frontier.done(taken);
        crawl.metrics.frontier(crawl.frontier.len());
    }
}

fn count(report: &mut Report, ended: &Result<Outcome, Ended>) {
    match ended {
        Ok(Outcome::Submitted) => report.submitted += 1,
        Ok(Outcome::NotModified) => report.not_modified += 1,
        Ok(Outcome::Known) => report.skipped_known += 1,
        Err(Ended::Refused(refusal)) => *report.refused.entry(refusal.as_str()).or_default() += 1,
        Err(Ended::Failed(failure)) => *report.failed.entry(failure.as_str()).or_default() += 1,
        Err(Ended::Interrupted) => {}
    }
}

/// Whose turn a request to `url` is.
pub(crate) fn domain_of(url: &Url) -> String {
    registered_domain_of(url.host_str().unwrap_or_default())
}
