//! A look at one feed, sitemap or site: fetches it and queues the pages that it names.

use std::sync::Arc;
use std::time::Duration;

use courant_extract::sources::{self, Kind, feed_candidates, sitemap_candidates};
use courant_extract::{Context, Deadline, page_within};
use courant_sources::PublisherLimits;
use courant_store::Listing;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::crawl::Crawl;
use crate::error::Fruitless;
use crate::extent::Extent;
use crate::handle::gate_of;
use crate::outcome::{Ended, Failure, Refusal};
use crate::page::Named;
use crate::sources::documents::{Documents, Fetched};
use crate::sources::listing::{feed, opml, sitemap, url_list};
use crate::sources::moved::fetch_moved;
use crate::timetable::{Found, fingerprint};
use crate::urls::domain_of;
use crate::web::fetch::Document;

/// The kind of a list of feeds in the timetable.
pub(crate) const OPML: &str = "opml";
/// The kind of a home page in the timetable.
pub(crate) const SITE: &str = "site";

/// A listing after a round came to it.
pub(crate) struct Looked {
    pub(crate) listing: Listing,
    /// The result of the look; `None` if no look was due, or another crawler has the domain.
    pub(crate) found: Option<Result<Found, Fruitless>>,
}

/// Looks at feeds, sitemaps and sites.
pub(crate) struct Looks {
    pub(crate) crawl: Arc<Crawl>,
    documents: Documents,
}

impl Looks {
    pub(crate) fn new(crawl: Arc<Crawl>) -> Self {
        Self { crawl, documents: Documents::new() }
    }

    /// Looks at a feed, sitemap or site if its look is due, and queues the pages that it names. The
    /// look is not recorded once `stop` is cancelled.
    ///
    /// # Errors
    /// Fails if the crawl is being stopped or the store does not answer. The look was not recorded.
    pub(crate) async fn look(&self, url: &Url, stop: &CancellationToken) -> Result<Looked, Ended> {
        loop {
            let before = match self.due(url).await? {
                Ok(before) => before,
                Err(listing) => return Ok(Looked { listing, found: None }),
            };
            match self.look_now(url, stop).await {
                Err(Ended::Elsewhere) if self.crawl.extent == Extent::Forever => {
                    let listing = self.crawl.timetable.elsewhere(url, before);
                    return Ok(Looked { listing, found: None });
                }
                Err(Ended::Elsewhere) => {}
                looked => return looked,
            }
        }
    }

    /// Returns the last look if a look is due. Returns the listing as the inner `Err` if none is.
    async fn due(&self, url: &Url) -> Result<Result<Option<Listing>, Listing>, Ended> {
        let timetable = &self.crawl.timetable;
        let before = timetable.last_look(url).await?;
        Ok(match before {
            Some(listing) if !timetable.is_due(&listing) => Err(listing),
            before => Ok(before),
        })
    }

    async fn look_now(&self, url: &Url, stop: &CancellationToken) -> Result<Looked, Ended> {
        let holding = self.crawl.hold(&domain_of(url)).await?;
        // Another crawler may have looked while this one waited for the domain.
        let before = match self.due(url).await? {
            Ok(before) => before,
            Err(listing) => return Ok(Looked { listing, found: None }),
        };
        let pages = TaskTracker::new();
        let (found, limits) = self.read_listing(url, before.as_ref(), &pages).await;
        if let Err(Fruitless::NotFetched(
            ended @ (Ended::Elsewhere
            | Ended::Interrupted
            | Ended::Failed(Failure::Store | Failure::Leased)),
        )) = &found
        {
            return Err(*ended);
        }
        let listing = self.crawl.timetable.plan(url, before, &found, limits);
        pages.close();
        let (crawl, planned) = (Arc::clone(&self.crawl), listing.clone());
        let stop = stop.clone();
        self.crawl.workers.spawn(async move {
            crawl.timetable.write_down(planned, pages, stop).await;
            // The domain stays held until then, so that no other crawler looks meanwhile.
            drop(holding);
        });
        Ok(Looked { listing, found: Some(found) })
    }

    /// Fetches a feed, sitemap or home page and queues the pages that it names. Also returns the
    /// times at which its publisher asks not to be requested.
    async fn read_listing(
        &self,
        url: &Url,
        before: Option<&Listing>,
        pages: &TaskTracker,
    ) -> (Result<Found, Fruitless>, PublisherLimits) {
        let waiting = |wait| PublisherLimits { wait, ..PublisherLimits::default() };
        let fetched = fetch_moved(&self.crawl, &self.documents, url).await;
        let Fetched { document, fresh_for, .. } = match fetched {
            Ok(fetched) => fetched,
            Err(ended) => return (Err(ended.into()), waiting(self.crawl.web.rest_of(url).await)),
        };
        match self.found(url, &document, before, pages).await {
            Ok((found, limits)) => {
                (Ok(found), PublisherLimits { wait: fresh_for.max(limits.wait), ..limits })
            }
            Err(problem) => {
                // The address that it moved to is no source: the old one is asked again.
                self.crawl.memory.notes.forget_move(url);
                (Err(problem), waiting(fresh_for))
            }
        }
    }

    async fn found(
        &self,
        url: &Url,
        document: &Arc<Document>,
        before: Option<&Listing>,
        pages: &TaskTracker,
    ) -> Result<(Found, PublisherLimits), Fruitless> {
        let mut limits = PublisherLimits::default();
        let (kind, named, leads_to, links) = match kind_of(document) {
            Kind::Feed => {
                let limit = self.crawl.config.max_listing_bytes;
                let read = move |answer: &Document| {
                    feed(&answer.body, answer.content_type.as_deref(), Some(&answer.url), limit)
                };
                let (named, wishes) = parsed(document, read).await?;
                limits = wishes;
                ("feed", named, Vec::new(), Vec::new())
            }
            Kind::Sitemap => {
                let (named, sitemaps) = parsed(document, |map| sitemap(&map.body)).await?;
                ("sitemap", named, sitemaps, Vec::new())
            }
            Kind::UrlList => ("list", url_list(&document.body)?, Vec::new(), Vec::new()),
            Kind::Opml => (OPML, Vec::new(), opml(&document.body)?, Vec::new()),
            Kind::Html => {
                no_page_in_place(document, before).await?;
                let (named, leads_to, links) = self.site(document, before).await?;
                (SITE, named, leads_to, links)
            }
            _ => return Err(Fruitless::NotASource),
        };
        let changes = named.iter().chain(if leads_to.is_empty() { &links[..] } else { &[] });
        let changes = changes.map(|named| (&named.url, named.hint.changed_at_ms));
        let fingerprint = fingerprint(changes.chain(leads_to.iter().map(|url| (url, None))));
        let named = self.crawl.queue(url.as_str(), named, Some(pages));
        Ok((Found { kind, named, fingerprint, leads_to, links }, limits))
    }

    /// Reads a site from its home page. Returns the pages to queue, the feeds and sitemaps, and the
    /// links on the page. The page declares the feeds, and robots.txt names the sitemaps. If there
    /// are none, they are searched for once at the usual addresses. If the page is itself an
    /// article, it is the only page to queue.
    async fn site(
        &self,
        document: &Arc<Document>,
        before: Option<&Listing>,
    ) -> Result<(Vec<Named>, Vec<Url>, Vec<Named>), Fruitless> {
        let url = &document.url;
        let limit = self.crawl.config.max_page_time();
        let page = parsed(document, move |document| html(document, limit)).await?;
        if page.is_article && url.path() != "/" {
            return Ok((vec![url.clone().into()], Vec::new(), Vec::new()));
        }
        let rules = self.crawl.web.rules(url).await?;
        let feeds = page.feeds.into_iter().take(self.crawl.config.max_feeds_per_site);
        let sitemaps = rules.sitemaps().iter().filter_map(|named| url.join(named).ok());
        let links =
            page.links.into_iter().filter(|link| domain_of(link) == domain_of(url) && link != url);
        let links = links.take(self.crawl.config.max_links_per_page).map(Named::from).collect();
        let named: Vec<Url> = feeds.chain(sitemaps).collect();
        let leads_to = match before {
            _ if !named.is_empty() => named,
            Some(before) if before.kind == SITE => addresses(&before.leads_to).collect(),
            _ => Box::pin(self.guessed(url)).await?.into_iter().collect(),
        };
        Ok((Vec::new(), leads_to, links))
    }

    /// Returns the first feed, or else the first sitemap, that is found at the usual addresses.
    async fn guessed(&self, site: &Url) -> Result<Option<Url>, Ended> {
        let guesses =
            [(feed_candidates(site), Kind::Feed), (sitemap_candidates(site), Kind::Sitemap)];
        for (candidates, kind) in guesses {
            for candidate in candidates.into_iter().take(self.crawl.config.max_guesses_per_site) {
                match self.documents.fetch(&self.crawl.web, &candidate).await {
                    Ok(fetched) if kind_of(&fetched.document) == kind => {
                        return Ok(Some(candidate));
                    }
                    // These addresses are guesses, so a refusal is not an error.
                    Ok(_) | Err(Ended::Refused(_)) => {}
                    Err(
                        ended @ (Ended::Elsewhere
                        | Ended::Interrupted
                        | Ended::Failed(Failure::Store | Failure::Leased)),
                    ) => {
                        return Err(ended);
                    }
                    // The search ends if the site fails.
                    Err(Ended::Failed(_)) => return Ok(None),
                }
            }
        }
        Ok(None)
    }
}

/// Refuses a bot check or login page, and a web page that replaces a known feed, sitemap or
/// list: the links on it are not articles.
async fn no_page_in_place(
    document: &Arc<Document>,
    before: Option<&Listing>,
) -> Result<(), Fruitless> {
    if let Some(refusal) = parsed(document, |document| Ok(gate_of(document))).await? {
        return Err(Ended::from(refusal).into());
    }
    let kind = before.map_or("", |before| before.kind.as_str());
    match ["feed", "sitemap", "list", OPML].into_iter().find(|known| *known == kind) {
        Some(kind) => Err(Fruitless::PageInPlace { kind }),
        None => Ok(()),
    }
}

fn kind_of(document: &Document) -> Kind {
    sources::kind(&document.body, document.content_type.as_deref(), document.url.path())
}

fn html(document: &Document, limit: Duration) -> Result<courant_extract::Page, Fruitless> {
    let charset = document.content_type.as_deref();
    let deadline = Deadline::after(limit);
    page_within(&document.body, charset, &document.url, Context::default(), &deadline)
        .map_err(|error| Fruitless::broken("web page", &error))
}

/// Parses on a blocking thread. A panic in a parser loses only its document.
async fn parsed<T: Send + 'static>(
    document: &Arc<Document>,
    parse: impl FnOnce(&Document) -> Result<T, Fruitless> + Send + 'static,
) -> Result<T, Fruitless> {
    let document = Arc::clone(document);
    let parsed = tokio::task::spawn_blocking(move || parse(&document)).await;
    parsed.unwrap_or(Err(Ended::from(Refusal::Unreadable).into()))
}

/// Returns the addresses that a listing led to.
pub(crate) fn addresses(texts: &[String]) -> impl Iterator<Item = Url> {
    texts.iter().filter_map(|text| Url::parse(text).ok())
}
