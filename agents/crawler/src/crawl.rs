//! A running crawl: its parts, and the queues between them.

use std::sync::Arc;
use std::time::Duration;

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

/// The most noted pauses that a crawl takes over when it starts.
const MAX_PAUSES: usize = 10_000;
/// The most pages that are handed over or taken over in one step.
const MAX_ADOPTED: usize = 500;

/// The wait before a requested page is offered again that waits already.
const SEEN_AGAIN: Duration = Duration::from_secs(1);

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
    /// One permit for each processor core. A page holds one while it is extracted.
    pub(crate) cores: Arc<Semaphore>,
    /// Cancelled by a shutdown or a failure: the crawl ends.
    pub(crate) stop: CancellationToken,
    /// One task per domain with pages, and one per source that is followed.
    pub(crate) workers: TaskTracker,
}

impl Crawl {
    /// Resumes from the notes of an earlier crawl. Restores the pauses of domains, and starts a
    /// worker for each domain that has noted pages and no other holder. [`Extent::Everything`]
    /// restores only the pauses, because it reads every source again anyway.
    pub(crate) async fn resume(self: &Arc<Self>) {
        // The memory has logged the failure already.
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
            // The memory has logged the failure already.
            let _ = self.memory.hand_over(pages.iter()).await;
        }
        for domain in self.waiting_domains(most).await {
            self.open(domain);
        }
    }

    /// Returns up to `most` domains that have waiting pages and that no other crawler holds.
    pub(crate) async fn waiting_domains(&self, most: usize) -> Vec<String> {
        // The memory has logged the failure already.
        self.memory.waiting_domains(&self.leases.holder, most).await.unwrap_or_default()
    }

    /// Starts a worker for `domain` unless it has one.
    pub(crate) fn open(self: &Arc<Self>, domain: String) {
        if self.frontier.open(&domain) {
            self.workers.spawn(work_off_domain(Arc::clone(self), domain));
        }
    }

    /// Takes over the pages that other crawlers left in the domains of `leases`, as many as there
    /// is room for.
    pub(crate) async fn adopt(self: &Arc<Self>, leases: &[Lease]) {
        let most = self.frontier.room().min(MAX_ADOPTED);
        if self.extent == Extent::Everything || leases.is_empty() || most == 0 {
            return;
        }
        // The memory has logged the failure already.
        let pages = self.memory.adopt(leases, most).await.unwrap_or_default();
        for page in pages.iter().filter_map(notes::page) {
            self.offer(page);
        }
    }

    /// Holds `domain` for use. Unless the crawl runs for ever, waits while another crawler has the
    /// domain.
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

    /// Queues the pages that `source` names, the newest first, and returns their number.
    /// `unfinished` tracks the pages until they are finished.
    pub(crate) fn queue(
        self: &Arc<Self>,
        source: &str,
        mut named: Vec<Named>,
        unfinished: Option<&TaskTracker>,
    ) -> usize {
        let count = named.len();
        self.tally.progress.count(|report| report.lists += u64::from(count > 0));
        // A print view comes after the story that it shows, even if the view changed later.
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

    /// Puts a page into its queue, and waits while it is there already. Returns when it is finished,
    /// or handed over to the crawler that has its domain.
    pub(crate) async fn work_off_request(self: &Arc<Self>, page: impl Fn() -> Page) {
        let finished = TaskTracker::new();
        finished.close();
        while let Some((key, domain)) = self.admit_page(&page()) {
            let page = page().tracked(Some(&finished));
            let offered = self.frontier.offer_patiently(page, &key, &domain).await;
            self.note_offer(&offered, domain);
            if offered != Offered::Seen {
                return finished.wait().await;
            }
            tokio::time::sleep(SEEN_AGAIN).await;
        }
    }

    /// Puts a page into its queue, or refuses it if there is no room.
    pub(crate) fn offer(self: &Arc<Self>, page: Page) {
        let Some((key, domain)) = self.admit_page(&page) else {
            return;
        };
        let offered = self.frontier.offer(page, &key, &domain);
        self.note_offer(&offered, domain);
    }

    /// Puts a page into its queue, and waits until there is room. It serves lists that can be read
    /// slowly.
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

/// Handles the queue of one domain, page by page, until it is empty.
async fn work_off_domain(crawl: Arc<Crawl>, domain: String) {
    while !crawl.stop.is_cancelled() {
        let is_empty = match crawl.hold(&domain).await {
            Ok(holding) => {
                crawl.adopt(std::slice::from_ref(holding.lease())).await;
                work_off(&crawl, &domain, &holding).await
            }
            Err(Ended::Elsewhere) => hand_over_all(&crawl, &domain).await,
            Err(Ended::Interrupted) => return,
            Err(ended) => give_up_one(&crawl, &domain, ended).await,
        };
        if is_empty {
            return;
        }
    }
}

/// Handles the waiting pages of a domain while the domain is held. Returns true if the queue is
/// empty.
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
            Ok(Worked::Off(outcome)) => settle(crawl, taken, &Ok(outcome)).await,
            Ok(Worked::LedTo(url)) => lead_on(crawl, taken, url).await,
            Err(Ended::Elsewhere) if crawl.extent == Extent::Forever => {
                hand_over(crawl, vec![taken]).await;
            }
            Err(Ended::Elsewhere) => crawl.frontier.put_back(taken, domain),
            Err(ended) => settle(crawl, taken, &Err(ended)).await,
        }
    }
    false
}

/// Passes on the URL that a page led to. A crawl that runs for ever leaves it to whichever
/// crawler has its domain; any other crawl queues it here.
async fn lead_on(crawl: &Arc<Crawl>, taken: Taken, url: Url) {
    let next = taken.page.led_to(url);
    if crawl.extent != Extent::Forever {
        crawl.offer(next);
    } else if let Err(ended) = crawl.memory.hand_over(std::iter::once(&next)).await {
        return settle(crawl, taken, &Err(ended)).await;
    }
    crawl.handler.led_on(&taken.page).await;
    settle(crawl, taken, &Ok(Outcome::HandedOver)).await;
}

/// Hands all waiting pages of a domain over to the crawler that has it. Returns true: the queue
/// is empty.
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

/// Hands pages over through the store. If the store does not take a page, the page fails, and a
/// later crawl finds it again.
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

/// Fails the next page of a domain that cannot be held. Returns true if none waits.
async fn give_up_one(crawl: &Arc<Crawl>, domain: &str, ended: Ended) -> bool {
    match crawl.frontier.take(domain) {
        Some(taken) => settle(crawl, taken, &Err(ended)).await,
        None => return true,
    }
    false
}

async fn settle(crawl: &Arc<Crawl>, taken: Taken, ended: &Result<Outcome, Ended>) {
    crawl.tally.settle(ended);
    if let Err(ended @ (Ended::Refused(_) | Ended::Failed(_))) = ended {
        crawl.publisher.refuse(&taken.page, *ended).await;
    }
    // The next holder of the domain finds those pages in the notes.
    if !matches!(ended, Err(Ended::Interrupted | Ended::Failed(Failure::Leased))) {
        crawl.memory.notes.forget_page(&taken.page.url);
    }
    crawl.frontier.done(taken);
    crawl.tally.metrics.frontier(crawl.frontier.len());
}
