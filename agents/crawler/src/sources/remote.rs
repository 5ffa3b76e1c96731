//! Follows sources on the web and queues the pages that they name.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures::StreamExt;
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
        return sources.into_iter().for_each(|source| go_on(looks, source));
    }
    while !sources.is_empty() {
        sources.retain(|source| crawl.timetable.follow(source));
        let rounds = sources.into_iter().map(|source| async move {
            let (feeds, _) = noted_round(looks, &source).await;
            feeds
        });
        sources = futures::stream::iter(rounds).buffer_unordered(AT_A_TIME).concat().await;
    }
}

fn go_on(looks: &Arc<Looks>, source: Url) {
    if looks.crawl.timetable.follow(&source) {
        looks.crawl.workers.spawn(crawl_on(Arc::clone(looks), source));
    }
}

/// Repeats rounds over a source, each when a look at one of its listings is due.
async fn crawl_on(looks: Arc<Looks>, source: Url) {
    let rounds = async {
        loop {
            let (feeds, again_at_ms) = noted_round(&looks, &source).await;
            feeds.into_iter().for_each(|feed| go_on(&looks, feed));
            looks.crawl.timetable.until(again_at_ms).await;
        }
    };
    tokio::select! {
        biased;
        () = looks.crawl.stop.cancelled() => {}
        () = rounds => {}
    }
}

/// Makes one round and counts its outcome. Returns the feeds of an OPML file, and the time of
/// the next round in Unix milliseconds.
async fn noted_round(looks: &Looks, source: &Url) -> (Vec<Url>, i64) {
    match round(looks, source).await {
        Ok(round) => {
            looks.crawl.tally.source(source.as_str(), round.outcome);
            (round.feeds, round.again_at_ms)
        }
        Err(ended) => {
            looks.crawl.tally.source(source.as_str(), Err(ended.into()));
            (Vec::new(), looks.crawl.timetable.retry_at_ms())
        }
    }
}

/// The result of a round over a source.
struct Round {
    outcome: Result<(), Fruitless>,
    feeds: Vec<Url>,
    again_at_ms: i64,
}

/// Looks at a source and at the feeds and sitemaps that it leads to, as many as the
/// configuration allows for one site. If these name no pages, the links on the source are
/// queued.
async fn round(looks: &Looks, source: &Url) -> Result<Round, Ended> {
    let crawl = &looks.crawl;
    let most = 1 + crawl.config.max_feeds_per_site + crawl.config.max_sitemaps_per_site;
    let mut seen = HashSet::from([source.clone()]);
    let mut waiting = VecDeque::from([source.clone()]);
    let mut looked = Vec::new();
    while let Some(url) = waiting.pop_front() {
        let look = looks.look(&url).await?;
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
    let outcome = outcome(crawl, source, looked);
    Ok(Round { outcome, feeds, again_at_ms: again_at_ms.unwrap_or_default() })
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
