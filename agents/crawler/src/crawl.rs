//! A running crawl: its parts, and the queues between them.

use std::sync::Arc;

use courant_dedup::canonicalize;
use courant_extract::is_print_url;
use courant_store::{Lease, NoteKind};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::Config;
use crate::extent::Extent;
use crate::frontier::{Frontier, Offered, Taken};
use crate::handle::{Handler, Worked};
use crate::intake::Intake;
use crate::memory::Memory;
use crate::notes;
use crate::outcome::{Ended, Failure, Outcome, Refusal};
use crate::page::{Named, Page};
use crate::publisher::Publisher;
use crate::tally::Tally;
use crate::timetable::Timetable;
use crate::urls::{self, domain_of};
use crate::web::Web;
use crate::web::leases::{Holding, Leases};

/// Domains that are left alone from the start.
const MAX_PAUSES: usize = 10_000;
/// Pages that are handed over or taken over at once.
const MAX_ADOPTED: usize = 500;

/// A running crawl.
pub(crate) struct Crawl {
    pub(crate) config: Config,
    pub(crate) extent: Extent,
    pub(crate) web: Arc<Web>,
    pub(crate) leases: Arc<Leases>,
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
    /// source is read again at once, the pages that waited in domains that nobody has.
    pub(crate) async fn resume(self: &Arc<Self>) {
        // Why nothing is known has been logged.
        let pauses = self.memory.all_notes(NoteKind::Pause, MAX_PAUSES).await;
        for (pause, rest) in pauses.unwrap_or_default() {
            self.web.leave_alone(&pause.name, rest).await;
        }
        if self.extent == Extent::Everything {
            return;
        }
        let most = self.config.max_queued_pages;
        let pages = self.memory.all_notes(NoteKind::Page, most).await.unwrap_or_default();
        // Release 0.1 noted no domains.
        let pages = pages.iter().filter(|(note, _)| note.domain.is_empty());
        let pages: Vec<Page> = pages.filter_map(|(note, _)| notes::page(note)).collect();
        if !pages.is_empty() {
            // Why they are not found has been logged.
            let _ = self.memory.hand_over(pages.iter()).await;
        }
        for domain in self.waiting_domains(most).await {
            self.open(domain);
        }
    }

    /// The domains with pages that wait and that no other crawler has, `most` at most.
    pub(crate) async fn waiting_domains(&self, most: usize) -> Vec<String> {
        // Why nothing is known has been logged.
        self.memory.waiting_domains(&self.leases.holder, most).await.unwrap_or_default()
    }

    /// Works `domain` off, whatever waits there.
    pub(crate) fn open(self: &Arc<Self>, domain: String) {
        if self.frontier.open(&domain) {
            self.workers.spawn(work_off_domain(Arc::clone(self), domain));
        }
    }

    /// Takes over the pages that others left in the domains of `leases`, as many as there
    /// is room for.
    pub(crate) async fn adopt(self: &Arc<Self>, leases: &[Lease]) {
        let most = self.frontier.room().min(MAX_ADOPTED);
        if self.extent == Extent::Everything || leases.is_empty() || most == 0 {
            return;
        }
        // Why there are none has been logged.
        let pages = self.memory.adopt(leases, most).await.unwrap_or_default();
        for page in pages.iter().filter_map(notes::page) {
            self.offer(page);
        }
    }

    /// Uses `domain`. A single round waits for it while another crawler has it.
    pub(crate) async fn hold(&self, domain: &str) -> Result<Holding, Ended> {
        loop {
            match self.leases.hold(domain).await {
                Err(Ended::Elsewhere) if self.extent != Extent::Forever => {}
                held => return held,
            }
            let retry = self.leases.retry_interval();
            if tokio::time::timeout(retry, self.stop.cancelled()).await.is_ok() {
                return Err(Ended::Interrupted);
            }
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
        // A print view comes after the story that it shows, whichever changed last.
        named.sort_by_key(|page| {
            (is_print_url(&page.url), std::cmp::Reverse(page.hint.changed_at_ms))
        });
        let source: Arc<str> = source.into();
        for (place, mut named) in named.into_iter().enumerate() {
            if place >= self.config.max_pages_per_source {
                self.tally.found_and_settled(&Err(Refusal::SourceLimit.into()));
                continue;
            }
            match urls::named(named.url) {
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
        let is_empty = match crawl.hold(&domain).await {
            Ok(holding) => {
                crawl.adopt(std::slice::from_ref(holding.lease())).await;
                work_off(&crawl, &domain, &holding).await
            }
            Err(Ended::Elsewhere) => hand_over_all(&crawl, &domain).await,
            Err(Ended::Interrupted) => return,
            Err(ended) => give_up_one(&crawl, &domain, ended),
        };
        if is_empty {
            return;
        }
    }
}

/// Works off what waits in a domain while it is held. Returns if nothing waits any more.
async fn work_off(crawl: &Arc<Crawl>, domain: &str, holding: &Holding) -> bool {
    while !crawl.stop.is_cancelled() {
        let Some(taken) = crawl.frontier.take(domain) else {
            return true;
        };
        if !holding.may_go_on() {
            crawl.frontier.put_back(taken, domain);
            return false;
        }
        let in_flight = crawl.tally.control.in_flight();
        let worked = crawl.handler.page(&taken.page).await;
        drop(in_flight);
        match worked {
            Ok(Worked::Off(outcome)) => settle(crawl, taken, &Ok(outcome)),
            Ok(Worked::LedTo(url)) => lead_on(crawl, taken, url).await,
            Err(Ended::Elsewhere) if crawl.extent == Extent::Forever => {
                hand_over(crawl, vec![taken]).await;
            }
            Err(Ended::Elsewhere) => crawl.frontier.put_back(taken, domain),
            Err(ended) => settle(crawl, taken, &Err(ended)),
        }
    }
    false
}

/// A page that led into a domain of another crawler is left to that one; a single round
/// waits for the domain.
async fn lead_on(crawl: &Arc<Crawl>, taken: Taken, url: Url) {
    let next = taken.page.led_to(url);
    if crawl.extent != Extent::Forever {
        crawl.offer(next);
    } else if let Err(ended) = crawl.memory.hand_over(std::iter::once(&next)).await {
        return settle(crawl, taken, &Err(ended));
    }
    crawl.handler.led_on(&taken.page).await;
    settle(crawl, taken, &Ok(Outcome::HandedOver));
}

/// Leaves all that waits in a domain to the crawler that has it.
async fn hand_over_all(crawl: &Arc<Crawl>, domain: &str) -> bool {
    let mut is_empty = false;
    while !is_empty {
        let mut batch = Vec::new();
        while !is_empty && batch.len() < MAX_ADOPTED {
            match crawl.frontier.take(domain) {
                Some(taken) => batch.push(taken),
                None => is_empty = true,
            }
        }
        hand_over(crawl, batch).await;
    }
    true
}

/// A page that is not safe with the store fails, and is found again.
async fn hand_over(crawl: &Arc<Crawl>, batch: Vec<Taken>) {
    if batch.is_empty() {
        return;
    }
    let handed = crawl.memory.hand_over(batch.iter().map(|taken| &taken.page)).await;
    for taken in batch {
        crawl.tally.settle(&handed.map(|()| Outcome::HandedOver));
        crawl.frontier.done(taken);
    }
    crawl.tally.metrics.frontier(crawl.frontier.len());
}

/// The domain cannot be held: a page of it fails.
fn give_up_one(crawl: &Arc<Crawl>, domain: &str, ended: Ended) -> bool {
    match crawl.frontier.take(domain) {
        Some(taken) => settle(crawl, taken, &Err(ended)),
        None => return true,
    }
    false
}

fn settle(crawl: &Arc<Crawl>, taken: Taken, ended: &Result<Outcome, Ended>) {
    crawl.tally.settle(ended);
    // Whoever has the domain next finds those again.
    if !matches!(ended, Err(Ended::Interrupted | Ended::Failed(Failure::Leased))) {
        crawl.memory.notes.forget_page(&taken.page.url);
    }
    crawl.frontier.done(taken);
    crawl.tally.metrics.frontier(crawl.frontier.len());
}
