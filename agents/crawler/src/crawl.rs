//! A running crawl: its parts, and the queues between them.

use std::sync::Arc;

use courant_dedup::canonicalize;
use courant_store::NoteKind;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::extent::Extent;
use crate::frontier::{Frontier, Offered};
use crate::handle::Handler;
use crate::intake::Intake;
use crate::memory::Memory;
use crate::notes;
use crate::outcome::{Ended, Refusal};
use crate::page::{Named, Page};
use crate::publisher::Publisher;
use crate::tally::Tally;
use crate::timetable::Timetable;
use crate::urls::{clean, domain_of};
use crate::web::Web;

/// Domains that are left alone from the start.
const MAX_PAUSES: usize = 10_000;

/// A running crawl.
pub(crate) struct Crawl {
    pub(crate) config: Config,
    pub(crate) extent: Extent,
    pub(crate) web: Arc<Web>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) timetable: Timetable,
    pub(crate) frontier: Frontier,
    pub(crate) handler: Handler,
    pub(crate) memory: Arc<Memory>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) tally: Tally,
    /// Pages being extracted.
    pub(crate) cores: Arc<Semaphore>,
    /// Ends the crawl: a shutdown, or a failure.
    pub(crate) stop: CancellationToken,
    /// One task per domain with pages, and one per source that is followed.
    pub(crate) workers: TaskTracker,
}

impl Crawl {
    /// Takes up what was noted before: who is to be left alone and, unless every
    /// source is read again at once, the pages that waited.
    pub(crate) async fn resume(self: &Arc<Self>) {
        // Why nothing is known has been logged.
        let pauses = self.memory.all_notes(NoteKind::Pause, MAX_PAUSES).await;
        for (pause, rest) in pauses.unwrap_or_default() {
            self.web.leave_alone(&pause.name, rest);
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

    /// Queues the pages that `source` names, the newest first. `unfinished`: tracks
    /// them until they are worked off.
    pub(crate) fn queue(
        self: &Arc<Self>,
        source: &str,
        mut named: Vec<Named>,
        unfinished: Option<&TaskTracker>,
    ) -> usize {
        let count = named.len();
        self.tally.progress.count(|report| report.lists += u64::from(count > 0));
        named.sort_by_key(|page| std::cmp::Reverse(page.hint.changed_at_ms));
        let source: Arc<str> = source.into();
        for (place, mut named) in named.into_iter().enumerate() {
            if place >= self.config.max_pages_per_source {
                self.tally.found_and_settled(&Err(Refusal::SourceLimit.into()));
                continue;
            }
            match clean(named.url) {
                Ok(url) => {
                    named.url = url;
                    let page = Page::named_by(Arc::clone(&source), named);
                    self.offer(page.tracked(unfinished));
                }
                Err(refusal) => self.tally.found_and_settled(&Err(refusal.into())),
            }
        }
        count
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
            self.tally.found_and_settled(&Err(Refusal::InvalidUrl.into()));
        }
        key.ok().map(|key| (key.as_str().to_owned(), domain_of(&page.url)))
    }

    fn note_offer(self: &Arc<Self>, offered: &Offered, domain: String) {
        match offered {
            Offered::Seen => {}
            Offered::Full => self.tally.found_and_settled(&Err(Refusal::FrontierFull.into())),
            Offered::Queued { needs_worker } => {
                self.tally.found(self.frontier.len());
                if *needs_worker {
                    self.workers.spawn(work_off_domain(Arc::clone(self), domain));
                }
            }
        }
    }
}

/// Works off the queue of one domain, page by page, until it is empty.
async fn work_off_domain(crawl: Arc<Crawl>, domain: String) {
    while !crawl.stop.is_cancelled() {
        let Some(taken) = crawl.frontier.take(&domain) else {
            return;
        };
        let in_flight = crawl.tally.control.in_flight();
        let ended = crawl.handler.page(&taken.page).await;
        drop(in_flight);
        crawl.tally.settle(&ended);
        if ended != Err(Ended::Interrupted) {
            crawl.memory.notes.forget_page(&taken.page.url);
        }
        crawl.frontier.done(taken);
        crawl.tally.metrics.frontier(crawl.frontier.len());
    }
}
