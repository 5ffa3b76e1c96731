//! Sources on the web: what they name goes into the queues.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use courant_article::ContentHash;
use courant_extract::sources::{self, Kind, feed_candidates, sitemap_candidates};
use courant_extract::{Deadline, page_within};
use courant_store::Listing;
use futures::StreamExt;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::agent::Extent;
use crate::crawl::{Crawl, domain_of};
use crate::error::Fruitless;
use crate::fetch::{Answer, Document, Request};
use crate::frontier::Page;
use crate::interval::Asked;
use crate::listing::{Named, feed, opml, sitemap, url_list};
use crate::outcome::{Ended, Failure, Refusal};
use crate::timetable::{Looked, fingerprint};
use crate::visit::{clean, why_nothing};

/// Sources of one list that are read at a time.
const AT_A_TIME: usize = 64;
/// What lists of feeds are called in the timetable.
const OPML: &str = "opml";
const SITE: &str = "site";

/// What a listing names.
#[derive(Debug)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) kind: &'static str,
    /// Pages that it named; they are queued.
    pub(crate) named: usize,
    /// Of all that it names.
    pub(crate) fingerprint: ContentHash,
    /// Feeds and sitemaps.
    pub(crate) leads_to: Vec<Url>,
    /// Links to be taken where nothing else leads to a page.
    links: Vec<Named>,
}

/// Follows sources that stand side by side, and the feeds of those that are OPML
/// files: one that fails does not stop the others. Nobody is followed twice.
///
/// Returns when one round over each is done; where the crawl goes on for ever, at
/// once.
pub(crate) async fn follow(crawl: &Arc<Crawl>, mut sources: Vec<Url>) {
    if crawl.extent == Extent::Forever {
        return sources.into_iter().for_each(|source| go_on(crawl, source));
    }
    while !sources.is_empty() {
        sources.retain(|source| crawl.followed.begin(source));
        let rounds = sources.into_iter().map(|source| async move {
            let (feeds, _) = noted_round(crawl, &source).await;
            feeds
        });
        sources = futures::stream::iter(rounds).buffer_unordered(AT_A_TIME).concat().await;
    }
}

fn go_on(crawl: &Arc<Crawl>, source: Url) {
    if crawl.followed.begin(&source) {
        crawl.workers.spawn(crawl_on(Arc::clone(crawl), source));
    }
}

/// Visits a source again and again, each time when something of it is due.
async fn crawl_on(crawl: Arc<Crawl>, source: Url) {
    let rounds = async {
        loop {
            let (feeds, again_at_ms) = noted_round(&crawl, &source).await;
            feeds.into_iter().for_each(|feed| go_on(&crawl, feed));
            crawl.until(again_at_ms).await;
        }
    };
    tokio::select! {
        biased;
        () = crawl.stop.cancelled() => {}
        () = rounds => {}
    }
}

/// One round. Returns the feeds of an OPML file, and when the next round is due.
async fn noted_round(crawl: &Arc<Crawl>, source: &Url) -> (Vec<Url>, i64) {
    match round(crawl, source).await {
        Ok(round) => {
            crawl.note_source(source.as_str(), round.outcome);
            (round.feeds, round.again_at_ms)
        }
        Err(ended) => {
            crawl.note_source(source.as_str(), Err(ended.into()));
            let wait = crawl.config.bounds().least;
            let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            (Vec::new(), crawl.clock.unix_ms().saturating_add(wait_ms))
        }
    }
}

/// What a round over a source came to.
struct Round {
    outcome: Result<(), Fruitless>,
    feeds: Vec<Url>,
    again_at_ms: i64,
}

/// Looks at a source and at the feeds and sitemaps that it leads to, as many as one
/// site may have. Where there are none, the links on it are taken.
async fn round(crawl: &Arc<Crawl>, source: &Url) -> Result<Round, Ended> {
    let most = 1 + crawl.config.max_feeds_per_site + crawl.config.max_sitemaps_per_site;
    let mut seen = HashSet::from([source.clone()]);
    let mut waiting = VecDeque::from([source.clone()]);
    let mut looks = Vec::new();
    while let Some(url) = waiting.pop_front() {
        let look = crawl.look(&url).await?;
        if look.listing.kind != OPML {
            let leads_to = addresses(&look.listing.leads_to);
            let new = leads_to.filter(|url| seen.insert(url.clone()));
            waiting.extend(new.take(most.saturating_sub(looks.len() + waiting.len() + 1)));
        }
        looks.push(look);
    }
    let again_at_ms = looks.iter().map(|look| look.listing.next_check_at_ms).min();
    let first = &looks[0].listing;
    let feeds = addresses(if first.kind == OPML { &first.leads_to } else { &[] }).collect();
    let outcome = outcome(crawl, source, looks);
    Ok(Round { outcome, feeds, again_at_ms: again_at_ms.unwrap_or_default() })
}

fn addresses(texts: &[String]) -> impl Iterator<Item = Url> {
    texts.iter().filter_map(|text| Url::parse(text).ok())
}

/// What is wrong with a source whose listings were looked at, if anything.
fn outcome(crawl: &Arc<Crawl>, source: &Url, looks: Vec<Looked>) -> Result<(), Fruitless> {
    let is_site = looks.first().is_some_and(|look| look.listing.kind == SITE);
    let mut links = Vec::new();
    let mut problem = None;
    let mut brings_pages = false;
    for Looked { listing, found } in looks {
        match found {
            Some(Ok(found)) => {
                brings_pages |= found.named > 0 || found.kind == OPML;
                links.extend(found.links);
            }
            Some(Err(error)) => {
                tracing::debug!(url = listing.url, %error, "a listing brings nothing");
                problem.get_or_insert(error);
            }
            None => match listing.problem {
                Some(earlier) => {
                    problem.get_or_insert(Fruitless::NotDue(earlier));
                }
                // What it led to has its own turn; without that, its links were taken.
                None => brings_pages |= listing.kind != SITE || listing.leads_to.is_empty(),
            },
        }
    }
    if !brings_pages && !links.is_empty() {
        brings_pages = crawl.queue(source.as_str(), links, None) > 0;
    }
    match problem {
        _ if brings_pages => Ok(()),
        Some(problem) => Err(problem),
        None if is_site => Err(Fruitless::LeadsNowhere),
        None => Ok(()),
    }
}

impl Crawl {
    /// Fetches a feed, sitemap or home page and queues the pages that it names.
    /// Says, too, for how long its publisher asks to be spared.
    pub(crate) async fn read_listing(
        self: &Arc<Self>,
        url: &Url,
        before: Option<&Listing>,
        pages: &TaskTracker,
    ) -> (Result<Found, Fruitless>, Asked) {
        let waiting = |wait| Asked { wait, ..Asked::default() };
        let (document, fresh_for) = match self.listing(url).await {
            Ok(fetched) => fetched,
            Err(ended) => return (Err(ended.into()), waiting(self.rest_of(url).await)),
        };
        match self.found(url, &document, before, pages).await {
            Ok((found, asked)) => (Ok(found), Asked { wait: fresh_for.max(asked.wait), ..asked }),
            Err(problem) => (Err(problem), waiting(fresh_for)),
        }
    }

    async fn found(
        self: &Arc<Self>,
        url: &Url,
        document: &Arc<Document>,
        before: Option<&Listing>,
        pages: &TaskTracker,
    ) -> Result<(Found, Asked), Fruitless> {
        let mut asked = Asked::default();
        let (kind, named, leads_to, links) = match kind_of(document) {
            Kind::Feed => {
                let read = |answer: &Document| {
                    feed(&answer.body, answer.content_type.as_deref(), Some(&answer.url))
                };
                let (named, wishes) = parsed(document, read).await?;
                asked = wishes;
                ("feed", named, Vec::new(), Vec::new())
            }
            Kind::Sitemap => {
                let (named, sitemaps) = parsed(document, |map| sitemap(&map.body)).await?;
                ("sitemap", named, sitemaps, Vec::new())
            }
            Kind::UrlList => ("list", url_list(&document.body)?, Vec::new(), Vec::new()),
            Kind::Opml => (OPML, Vec::new(), opml(&document.body)?, Vec::new()),
            Kind::Html => {
                let (named, leads_to, links) = self.site(document, before).await?;
                (SITE, named, leads_to, links)
            }
            _ => return Err(Fruitless::NotASource),
        };
        let changes = named.iter().chain(if leads_to.is_empty() { &links[..] } else { &[] });
        let changes = changes.map(|named| (&named.url, named.hint.changed_at_ms));
        let fingerprint = fingerprint(changes.chain(leads_to.iter().map(|url| (url, None))));
        let named = self.queue(url.as_str(), named, Some(pages));
        Ok((Found { kind, named, fingerprint, leads_to, links }, asked))
    }

    /// A site by its home page: the feeds that it declares and the sitemaps that
    /// its robots.txt names, and the links on it. Where it names neither, those are
    /// looked for once where they stand by custom. A page that is itself an article
    /// counts as that.
    async fn site(
        &self,
        document: &Arc<Document>,
        before: Option<&Listing>,
    ) -> Result<(Vec<Named>, Vec<Url>, Vec<Named>), Fruitless> {
        let url = &document.url;
        let limit = self.config.max_page_time();
        let page = parsed(document, move |document| html(document, limit)).await?;
        if page.is_article && url.path() != "/" {
            return Ok((vec![url.clone().into()], Vec::new(), Vec::new()));
        }
        let rules = self.rules(url).await?;
        let feeds = page.feeds.into_iter().take(self.config.max_feeds_per_site);
        let sitemaps = rules.sitemaps().iter().filter_map(|named| url.join(named).ok());
        let links =
            page.links.into_iter().filter(|link| domain_of(link) == domain_of(url) && link != url);
        let links = links.take(self.config.max_links_per_page).map(Named::from).collect();
        let named: Vec<Url> = feeds.chain(sitemaps).collect();
        let leads_to = match before {
            _ if !named.is_empty() => named,
            Some(before) if before.kind == SITE => addresses(&before.leads_to).collect(),
            _ => Box::pin(self.guessed(url)).await?.into_iter().collect(),
        };
        Ok((Vec::new(), leads_to, links))
    }

    /// The first feed, or else the first sitemap, that stands where they stand by
    /// custom.
    async fn guessed(&self, site: &Url) -> Result<Option<Url>, Ended> {
        let guesses =
            [(feed_candidates(site), Kind::Feed), (sitemap_candidates(site), Kind::Sitemap)];
        for (candidates, kind) in guesses {
            for candidate in candidates.into_iter().take(self.config.max_guesses_per_site) {
                match self.listing(&candidate).await {
                    Ok((document, _)) if kind_of(&document) == kind => return Ok(Some(candidate)),
                    // Nobody said that there is anything.
                    Ok(_) | Err(Ended::Refused(_)) => {}
                    Err(ended @ (Ended::Interrupted | Ended::Failed(Failure::Store))) => {
                        return Err(ended);
                    }
                    // A site that fails is not asked for more.
                    Err(Ended::Failed(_)) => return Ok(None),
                }
            }
        }
        Ok(None)
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
        self.progress.count(|report| report.lists += u64::from(count > 0));
        named.sort_by_key(|page| std::cmp::Reverse(page.hint.changed_at_ms));
        let source: Arc<str> = source.into();
        for (place, mut named) in named.into_iter().enumerate() {
            if place >= self.config.max_pages_per_source {
                self.found_and_settled(&Err(Refusal::SourceLimit.into()));
                continue;
            }
            match clean(named.url) {
                Ok(url) => {
                    named.url = url;
                    let page = Page::named_by(Arc::clone(&source), named);
                    self.offer(page.tracked(unfinished));
                }
                Err(refusal) => self.found_and_settled(&Err(refusal.into())),
            }
        }
        count
    }

    /// Fetches a feed, sitemap or home page. Where its server calls it unchanged,
    /// the copy at hand is read again: a page that failed gets another chance.
    /// Says, too, how long the server calls it fresh.
    async fn listing(&self, start: &Url) -> Result<(Arc<Document>, Duration), Ended> {
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
                (Answer::NotModified { fresh_for }, Some(before)) => {
                    return Ok((before, fresh_for));
                }
                (Answer::Document(document), _) => {
                    let document = Arc::new(document);
                    self.listings.insert(url, Arc::clone(&document)).await;
                    let fresh_for = document.fresh_for;
                    return Ok((document, fresh_for));
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
    sources::kind(&document.body, document.content_type.as_deref(), document.url.path())
}

fn html(document: &Document, limit: Duration) -> Result<courant_extract::Page, Fruitless> {
    let charset = document.content_type.as_deref();
    page_within(&document.body, charset, &document.url, &Deadline::after(limit))
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
