//! Handles one page: fetches it, reads it, submits its article and remembers the visit, in that
//! order.

use std::sync::Arc;
use std::time::Duration;

use courant_dedup::{canonical_url, canonicalize};
use courant_extract::{
    Context, Deadline, Page as Extracted, PageError, decoded, gate, is_print_url, page_within,
};
use courant_telemetry::Clock;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use crate::config::Config;
use crate::entry::article;
use crate::extent::Extent;
use crate::known::KnownElsewhere;
use crate::memory::{Memory, Remembered};
use crate::outcome::{Ended, Outcome, Refusal};
use crate::page::Page;
use crate::publisher::{Publisher, content_of};
use crate::tally::Tally;
use crate::urls::domain_of;
use crate::validators::Validators;
use crate::web::fetch::Document;
use crate::web::{Copies, Visited, Web};

/// The result of the work on a page.
#[derive(Debug)]
pub(crate) enum Worked {
    /// The page is finished.
    Off(Outcome),
    /// The page led to this URL: a redirect into a domain that another crawler has, or the story
    /// that this print view shows.
    LedTo(Url),
}

/// The result of reading a page.
enum Read {
    Worked(Outcome),
    /// The page is a print view of the story at this URL.
    Story(Url),
}

/// Handles pages.
pub(crate) struct Handler {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) extent: Extent,
    pub(crate) web: Arc<Web>,
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) memory: Arc<Memory>,
    pub(crate) known: KnownElsewhere,
    pub(crate) tally: Tally,
    /// One permit for each processor core. A page holds one while it is extracted.
    pub(crate) cores: Arc<Semaphore>,
}

impl Handler {
    /// Handles one page. Stops at a redirect into a domain that another crawler has.
    #[tracing::instrument(name = "crawl page", skip_all, fields(source.domain = domain_of(&page.url)))]
    pub(crate) async fn page(&self, page: &Page) -> Result<Worked, Ended> {
        if self.is_known_and_recent(page).await? {
            return Ok(Worked::Off(Outcome::Known));
        }
        // The slot is held until the article is on the bus.
        let copies = PageCopies { memory: &self.memory, are_asked_anew: page.requested.is_some() };
        let (url, visit, outcome, _slot) = match self.web.page(&page.url, &copies).await? {
            Visited::NotModified { url, before, .. } => {
                let visit =
                    Remembered { visited_at_ms: self.clock.unix_ms(), status: 304, ..before };
                (url, visit, Ok(Outcome::NotModified), None)
            }
            Visited::Document { document, before, slot, .. } => {
                let url = document.url.clone();
                let (visit, read) = self.document(page, document, before).await?;
                let outcome = match read {
                    Ok(Read::Story(story)) => return Ok(Worked::LedTo(story)),
                    Ok(Read::Worked(outcome)) => Ok(outcome),
                    Err(ended) => Err(ended),
                };
                (url, visit, outcome, Some(slot))
            }
            Visited::Elsewhere { url } => return Ok(Worked::LedTo(url)),
        };
        self.publisher.remember(&page.url, &url, visit).await;
        outcome.map(Worked::Off)
    }

    /// Remembers a visit to a page that led to another page, which is handled separately.
    pub(crate) async fn led_on(&self, page: &Page) {
        let visited_at_ms = self.clock.unix_ms();
        let visit = Remembered { visited_at_ms, ..Remembered::default() };
        self.publisher.remember(&page.url, &page.url, visit).await;
    }

    /// Returns true if the page need not be fetched now.
    async fn is_known_and_recent(&self, page: &Page) -> Result<bool, Ended> {
        if page.requested.is_some() {
            return Ok(false);
        }
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

    /// Returns true if the gateway has accepted the page from somebody else. The page counts as
    /// visited then, so that a later crawl checks it for changes.
    async fn is_known_elsewhere(&self, page: &Page) -> bool {
        let known = self.known.has(&page.url).await;
        if known {
            let visited_at_ms = self.clock.unix_ms();
            let visit = Remembered { visited_at_ms, ..Remembered::default() };
            self.publisher.remember(&page.url, &page.url, visit).await;
        }
        known
    }

    /// Submits the page's article if the page is an article and its content is new. Returns `Err`
    /// if the visit must not be remembered.
    async fn document(
        &self,
        page: &Page,
        document: Document,
        before: Option<Remembered>,
    ) -> Result<(Remembered, Result<Read, Ended>), Ended> {
        self.tally.progress.count(|report| report.fetched += 1);
        self.tally.metrics.body(document.body.len());
        let url = document.url.clone();
        let mut visit = Remembered {
            validators: document.validators.clone(),
            content: None,
            visited_at_ms: self.clock.unix_ms(),
            status: 200,
        };
        let fetched_at_ms = Some(self.clock.unix_ms());
        let context = Context { fetched_at_ms, is_listed: page.hint.is_listed() };
        let mut entry = match self.read(document, context).await {
            Ok(extracted) => match story_of(&url, &extracted) {
                Some(story) => return Ok((visit, Ok(Read::Story(story)))),
                None => article(&url, page, extracted, context),
            },
            Err(refusal) => return Ok((visit, Err(refusal.into()))),
        };
        let content = content_of(&entry);
        visit.content = Some(content);
        if before.is_some_and(|before| before.content == Some(content)) {
            return Ok((visit, Ok(Read::Worked(Outcome::NotModified))));
        }
        if let Some(requested) = &page.requested {
            requested.mark(&mut entry);
        }
        self.publisher.submit(entry, content).await?;
        Ok((visit, Ok(Read::Worked(Outcome::Submitted))))
    }

    /// Extracts the article on a blocking thread, because a page may keep a processor busy.
    async fn read(&self, document: Document, context: Context) -> Result<Extracted, Refusal> {
        if document.noindex {
            return Err(Refusal::NoIndex);
        }
        let _core = self.cores.acquire().await;
        let starts = Instant::now();
        let limit = self.config.max_page_time();
        let extracted =
            tokio::task::spawn_blocking(move || extract(&document, context, limit)).await;
        self.tally.metrics.stage("extract", starts.elapsed());
        // A panic in the parser loses only this page.
        extracted.unwrap_or(Err(Refusal::Unreadable))
    }
}

/// Returns the URL of the story that the print view at `url` shows, if the view declares a
/// canonical URL that is accepted. The story is then read from its own page.
fn story_of(url: &Url, page: &Extracted) -> Option<Url> {
    let declared = page.canonical_url.as_deref().filter(|_| page.is_print_view)?;
    let own = canonicalize(url.as_str()).ok()?;
    let story = canonical_url(url.as_str(), Some(declared)).ok()?;
    let declared = Url::parse(declared).ok()?;
    let is_elsewhere = story != own && !is_print_url(&declared);
    is_elsewhere.then_some(declared)
}

/// Requests for pages are conditional on the last visit, unless somebody asks for the page.
struct PageCopies<'a> {
    memory: &'a Memory,
    are_asked_anew: bool,
}

impl Copies for PageCopies<'_> {
    type Copy = Remembered;

    async fn copy_of(&self, url: &Url) -> Result<Option<Remembered>, Ended> {
        if self.are_asked_anew { Ok(None) } else { self.memory.recall(url).await }
    }

    fn validators(visit: &Remembered) -> &Validators {
        &visit.validators
    }
}

fn extract(document: &Document, context: Context, limit: Duration) -> Result<Extracted, Refusal> {
    let charset = document.content_type.as_deref();
    if charset.is_some_and(|declared| !is_html(declared)) {
        return Err(Refusal::NotHtml);
    }
    let read = check(read_html(&document.body, charset, &document.url, context, limit)?);
    read.map_err(|refusal| match refusal {
        Refusal::NotArticle => gate_of(document).unwrap_or(refusal),
        refusal => refusal,
    })
}

/// Returns the refusal for a page that only blocks the way to another: a bot check or a login.
pub(crate) fn gate_of(document: &Document) -> Option<Refusal> {
    let charset = document.content_type.as_deref();
    gate(&decoded(&document.body, charset, Some(&document.url))).map(Refusal::from)
}

/// Reads a page. Gives up after `limit`, counted from this call.
pub(crate) fn read_html(
    html: &[u8],
    content_type: Option<&str>,
    url: &Url,
    context: Context,
    limit: Duration,
) -> Result<Extracted, Refusal> {
    let page = page_within(html, content_type, url, context, &Deadline::after(limit));
    page.map_err(|error| match error {
        PageError::TooSlow => Refusal::TooSlow,
        PageError::TooLarge(_) => Refusal::TooLarge,
        PageError::TooComplex | PageError::Panicked(_) => Refusal::Unreadable,
    })
}

/// Servers give HTML many wrong types, but never these.
fn is_html(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let other = ["image/", "audio/", "video/", "font/", "application/pdf", "application/json"];
    !other.iter().any(|prefix| media_type.starts_with(prefix))
}

/// Returns `page` if it is an article that may be indexed, else the refusal.
pub(crate) fn check(page: Extracted) -> Result<Extracted, Refusal> {
    if page.noindex {
        return Err(Refusal::NoIndex);
    }
    if !page.is_article || page.text.trim().is_empty() {
        return Err(Refusal::NotArticle);
    }
    Ok(page)
}
