//! Sources on the web: what they name goes into the queues.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use courant_extract::Kind;
use futures::StreamExt;
use url::Url;

use crate::crawl::{Crawl, domain_of};
use crate::error::Fruitless;
use crate::fetch::{Answer, Document, Request};
use crate::frontier::Page;
use crate::listing::{Named, feed, opml, sitemap, url_list};
use crate::outcome::{Ended, Refusal};
use crate::visit::{clean, why_nothing};

/// Feeds of one OPML file that are read at a time.
const FEEDS_AT_A_TIME: usize = 64;

/// Visits a source, and again every while unless there is one round only.
pub(crate) async fn crawl_on(crawl: &Arc<Crawl>, url: Url) {
    loop {
        let round = tokio::select! {
            biased;
            () = crawl.stop.cancelled() => return,
            round = round(crawl, &url) => round,
        };
        crawl.note_source(url.as_str(), round.map(|_| ()));
        if crawl.once {
            return;
        }
        tokio::select! {
            () = crawl.stop.cancelled() => return,
            () = tokio::time::sleep(crawl.config.revisit_interval()) => {}
        }
    }
}

/// One round. Returns how many pages the source named.
async fn round(crawl: &Arc<Crawl>, url: &Url) -> Result<usize, Fruitless> {
    let document = crawl.listing(url).await?;
    match kind_of(&document) {
        Kind::Html => site(crawl, &document).await,
        Kind::Opml => {
            let feeds = opml(&document.body)?;
            subscriptions(crawl, feeds).await;
            Ok(0)
        }
        Kind::Feed | Kind::Sitemap | Kind::UrlList => listing(crawl, url, &document).await,
        _ => Err(Fruitless::NotASource),
    }
}

/// Feeds that stand side by side: one that fails does not stop the others.
pub(crate) async fn subscriptions(crawl: &Arc<Crawl>, feeds: Vec<Url>) {
    let read = |feed: Url| async move {
        let named = feed_or_sitemap(crawl, &feed).await;
        crawl.note_source(feed.as_str(), named.map(|_| ()));
    };
    futures::stream::iter(feeds).for_each_concurrent(FEEDS_AT_A_TIME, read).await;
}

async fn feed_or_sitemap(crawl: &Arc<Crawl>, url: &Url) -> Result<usize, Fruitless> {
    let document = crawl.listing(url).await?;
    listing(crawl, url, &document).await
}

/// Queues what a feed, sitemap or URL list names.
async fn listing(
    crawl: &Arc<Crawl>,
    url: &Url,
    document: &Arc<Document>,
) -> Result<usize, Fruitless> {
    match kind_of(document) {
        Kind::Feed => {
            let named = parsed(document, |listed| feed(&listed.body, Some(&listed.url))).await?;
            Ok(crawl.queue(url.as_str(), named))
        }
        Kind::Sitemap => sitemaps(crawl, url.as_str(), vec![url.clone()]).await,
        Kind::UrlList => Ok(crawl.queue(url.as_str(), url_list(&document.body)?)),
        _ => Err(Fruitless::NotASource),
    }
}

/// Reads sitemaps and those that they name, as many as one site may have.
async fn sitemaps(crawl: &Arc<Crawl>, source: &str, first: Vec<Url>) -> Result<usize, Fruitless> {
    let mut seen: HashSet<Url> = first.iter().cloned().collect();
    let mut waiting = VecDeque::from(first);
    let mut named = Vec::new();
    let mut problem = None;
    while let Some(url) = waiting.pop_front() {
        let read =
            async { parsed(&crawl.listing(&url).await?, |listed| sitemap(&listed.body)).await };
        let (pages, more) = match read.await {
            Ok(read) => read,
            Err(error) => {
                problem.get_or_insert(error);
                continue;
            }
        };
        named.extend(pages);
        let room = crawl.config.max_sitemaps_per_site.saturating_sub(seen.len());
        let new = more.into_iter().filter(|url| seen.insert(url.clone())).take(room);
        waiting.extend(new);
    }
    match problem {
        Some(problem) if named.is_empty() => Err(problem),
        _ => Ok(crawl.queue(source, named)),
    }
}

/// A site by its home page: the feeds that it declares and the sitemaps that its
/// robots.txt names; where there are none, the links on it. A page that is itself
/// an article counts as that.
async fn site(crawl: &Arc<Crawl>, document: &Arc<Document>) -> Result<usize, Fruitless> {
    let url = &document.url;
    let page = parsed(document, html).await?;
    if page.is_article && url.path() != "/" {
        return Ok(crawl.queue(url.as_str(), vec![url.clone().into()]));
    }
    let mut count = 0;
    for feed in page.feeds.iter().take(crawl.config.max_feeds_per_site) {
        match feed_or_sitemap(crawl, feed).await {
            Ok(named) => count += named,
            Err(problem) => tracing::debug!(%feed, %problem, "a feed of a site was passed over"),
        }
    }
    let named: Vec<Url> = crawl
        .rules(url)
        .await?
        .sitemaps()
        .iter()
        .filter_map(|named| url.join(named).ok())
        .collect();
    match sitemaps(crawl, url.as_str(), named).await {
        Ok(named) => count += named,
        Err(problem) => tracing::debug!(%url, %problem, "the sitemaps of a site were passed over"),
    }
    if count == 0 {
        let links =
            page.links.into_iter().filter(|link| domain_of(link) == domain_of(url) && link != url);
        let named = links.take(crawl.config.max_links_per_page).map(Named::from).collect();
        count = crawl.queue(url.as_str(), named);
    }
    if count == 0 { Err(Fruitless::LeadsNowhere) } else { Ok(count) }
}

impl Crawl {
    /// Queues the newest of the pages that `source` names.
    pub(crate) fn queue(self: &Arc<Self>, source: &str, mut named: Vec<Named>) -> usize {
        let count = named.len();
        self.progress.count(|report| report.lists += u64::from(count > 0));
        let limit = self.config.max_pages_per_source;
        if count > limit {
            named.sort_by_key(|page| std::cmp::Reverse(page.hint.changed_at_ms));
        }
        let source: Arc<str> = source.into();
        for (place, Named { url, hint }) in named.into_iter().enumerate() {
            match clean(url) {
                _ if place >= limit => self.found_and_settled(&Err(Refusal::SourceLimit.into())),
                Ok(url) => self.offer(Page { url, source: Arc::clone(&source), hint }),
                Err(refusal) => self.found_and_settled(&Err(refusal.into())),
            }
        }
        count
    }

    /// Fetches a feed, sitemap or home page. Where its server calls it unchanged,
    /// the copy at hand is read again: a page that failed gets another chance.
    pub(crate) async fn listing(&self, start: &Url) -> Result<Arc<Document>, Ended> {
        let mut url = start.clone();
        for _ in 0..=self.config.max_redirects {
            let before = self.listings.get(&url).await;
            let request = Request {
                url: &url,
                validators: before.as_ref().map(|before| &before.validators),
                max_body_bytes: self.config.max_listing_bytes,
                cut_body: false,
                is_paced: false,
            };
            let (answer, _slot) = self.ask_within_rules(request).await?;
            match (answer, before) {
                (Answer::Redirect(next), _) => url = clean(next)?,
                (Answer::NotModified, Some(before)) => return Ok(before),
                (Answer::Document(document), _) => {
                    let document = Arc::new(document);
                    self.listings.insert(url, Arc::clone(&document)).await;
                    return Ok(document);
                }
                (answer, _) => return Err(why_nothing(&answer)),
            }
        }
        Err(Refusal::Redirects.into())
    }

    /// Takes note of how a round over a source went.
    pub(crate) fn note_source(&self, source: &str, round: Result<(), Fruitless>) {
        match round {
            Ok(()) => self.progress.count(|report| {
                report.source_errors.remove(source);
            }),
            Err(Fruitless::NotFetched(Ended::Interrupted)) => {}
            Err(problem) => {
                tracing::warn!(source, %problem, "a source brings nothing");
                self.progress.count(|report| {
                    report.source_errors.insert(source.to_owned(), problem.to_string());
                });
            }
        }
    }
}

fn kind_of(document: &Document) -> Kind {
    courant_extract::kind(&document.body, document.content_type.as_deref(), document.url.path())
}

fn html(document: &Document) -> Result<courant_extract::Page, Fruitless> {
    let charset = document.content_type.as_deref();
    courant_extract::page(&document.body, charset, &document.url)
        .map_err(|error| Fruitless::broken("web page", &error))
}

/// Parses on a thread of its own. A panic in a parser costs its document.
async fn parsed<T: Send + 'static>(
    document: &Arc<Document>,
    parse: impl FnOnce(&Document) -> Result<T, Fruitless> + Send + 'static,
) -> Result<T, Fruitless> {
    let document = Arc::clone(document);
    let parsed = tokio::task::spawn_blocking(move || parse(&document)).await;
    parsed.unwrap_or(Err(Ended::from(Refusal::Unreadable).into()))
}
