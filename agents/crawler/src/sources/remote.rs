//! Follows sources on the web and queues the pages that they name.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use courant_sources::Following;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::crawl::Crawl;
use crate::error::Fruitless;
use crate::extent::Extent;
use crate::outcome::Ended;
use crate::sources::look::{Looked, Looks, OPML, SITE, addresses};

/// The most sources that are read at the same time.
const AT_A_TIME: usize = 64;

/// Follows `sources`, and the feeds of those that are OPML files. A source that fails does not
/// stop the others. No source is followed twice.
///
/// Returns when one round over each source is done. Returns at once if the crawl runs for ever.
pub(crate) async fn follow(looks: &Arc<Looks>, mut sources: Vec<Url>) {
    let crawl = &looks.crawl;
    if crawl.extent == Extent::Forever {
        return sources.into_iter().for_each(|source| go_on(looks, source, &crawl.stop, false));
    }
    while !sources.is_empty() {
        let followed = &crawl.timetable.followed;
        sources.retain(|source| followed.begin(source, &crawl.stop, false).is_some());
        let rounds = sources
            .into_iter()
            .map(|source| async move { noted_round(looks, &source, &crawl.stop).await.feeds });
        sources = futures::stream::iter(rounds).buffer_unordered(AT_A_TIME).concat().await;
    }
}

/// Follows `source` from now on if nobody does, until `parent` is cancelled. `is_requested` says that
/// a record in the store asks for it.
pub(crate) fn go_on(
    looks: &Arc<Looks>,
    source: Url,
    parent: &CancellationToken,
    is_requested: bool,
) {
    let followed = &looks.crawl.timetable.followed;
    if let Some(following) = followed.begin(&source, parent, is_requested) {
        looks.crawl.workers.spawn(crawl_on(Arc::clone(looks), source, following));
    }
}

/// Repeats rounds over a source, each when a look at one of its listings is due.
async fn crawl_on(looks: Arc<Looks>, source: Url, following: Following) {
    let crawl = &looks.crawl;
    let mut listings = Vec::new();
    let rounds = async {
        loop {
            let round = noted_round(&looks, &source, &following.stop).await;
            listings = round.listings;
            round.feeds.into_iter().for_each(|feed| go_on(&looks, feed, &following.stop, false));
            tokio::select! {
                () = crawl.timetable.until(round.again_at_ms) => {}
                () = following.look_now.notified() => {}
            }
        }
    };
    tokio::select! {
        biased;
        () = following.stop.cancelled() => {}
        () = rounds => {}
    }
    if !crawl.stop.is_cancelled() {
        crawl.timetable.followed.end(&source, &following, &listings);
        crawl.tally.source(source.as_str(), Ok(()));
        crawl.memory.forget_if_removed(&source, &listings).await;
    }
}

/// Makes one round and counts its outcome.
async fn noted_round(looks: &Looks, source: &Url, stop: &CancellationToken) -> NotedRound {
    match round(looks, source, stop).await {
        Ok(Round { outcome, noted }) => {
            looks.crawl.tally.source(source.as_str(), outcome);
            noted
        }
        Err(ended) => {
            looks.crawl.tally.source(source.as_str(), Err(ended.into()));
            let again_at_ms = looks.crawl.timetable.retry_at_ms();
            NotedRound { feeds: Vec::new(), listings: Vec::new(), again_at_ms }
        }
    }
}

/// The result of a round over a source.
struct Round {
    outcome: Result<(), Fruitless>,
    noted: NotedRound,
}

/// The result of a round whose outcome is counted.
struct NotedRound {
    /// The feeds of an OPML file.
    feeds: Vec<Url>,
    /// The URLs of the source and of the listings that it leads to.
    listings: Vec<String>,
    /// The time of the next round in Unix milliseconds.
    again_at_ms: i64,
}

/// Looks at a source and at the feeds and sitemaps that it leads to, as many as the
/// configuration allows for one site. If these name no pages, the links on the source are
/// queued.
async fn round(looks: &Looks, source: &Url, stop: &CancellationToken) -> Result<Round, Ended> {
    let crawl = &looks.crawl;
    let most = 1 + crawl.config.max_feeds_per_site + crawl.config.max_sitemaps_per_site;
    let mut seen = HashSet::from([source.clone()]);
    let mut waiting = VecDeque::from([source.clone()]);
    let mut looked = Vec::new();
    while let Some(url) = waiting.pop_front() {
        let look = looks.look(&url, stop).await?;
        if look.listing.kind != OPML {
            let leads_to = addresses(&look.listing.leads_to);
            let new = leads_to.filter(|url| seen.insert(url.clone()));
            waiting.extend(new.take(most.saturating_sub(looked.len() + waiting.len() + 1)));
        }
        looked.push(look);
    }
    let again_at_ms = looked.iter().map(|look| look.listing.next_check_at_ms).min();
    let first = &looked[0].listing;
    let feeds = addresses(if first.kind == OPML { &first.leads_to } else { &[] }).collect();
    let listings = looked.iter().map(|look| look.listing.url.clone()).collect();
    let again_at_ms = again_at_ms.unwrap_or_default();
    let outcome = outcome(crawl, source, looked);
    Ok(Round { outcome, noted: NotedRound { feeds, listings, again_at_ms } })
}

/// Returns the problem of a source after a round, if it brought no pages. Queues the links of a
/// site whose listings named no pages.
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
                tracing::debug!(url = listing.url, %error, "a listing brings no pages");
                problem.get_or_insert(error);
            }
            None => match listing.problem {
                Some(earlier) => {
                    problem.get_or_insert(Fruitless::NotDue(earlier));
                }
                // A site's feeds are looked at separately. A site without any had its links queued.
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
