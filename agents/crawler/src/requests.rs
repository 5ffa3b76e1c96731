//! Carries out requests that come over the bus: to fetch a page, or to look at a source now.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use courant_bus::{Bus, Deliveries, Delivery, Failure, Subject};
use courant_proto::v1;
use courant_proto::v1::crawl_requested::Kind;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use url::Url;

use crate::crawl::Crawl;
use crate::outcome::Ended;
use crate::page::{Hint, Lane, Named, Page, Requested};
use crate::urls::clean;

/// The most requests that are carried out at a time.
pub(crate) const CONCURRENCY: usize = 128;
/// The source of a page whose submitter names none.
const SUBMITTED: &str = "api";

/// Carries out every request until the crawl stops, or its rounds are `over`. What a stop cuts off is
/// delivered again.
pub(crate) async fn serve(
    crawl: &Arc<Crawl>,
    bus: &Bus,
    mut requests: Deliveries,
    over: &CancellationToken,
) {
    let tasks = TaskTracker::new();
    while crawl.intake.wait_while_paused().await.is_ok() {
        let delivery = tokio::select! {
            biased;
            () = crawl.stop.cancelled() => break,
            () = over.cancelled() => break,
            delivery = requests.next() => delivery,
        };
        let Some(delivery) = delivery else { break };
        tasks.spawn(carry_out(Arc::clone(crawl), bus.clone(), delivery));
    }
    requests.stop().await;
    tasks.close();
    tasks.wait().await;
}

async fn carry_out(crawl: Arc<Crawl>, bus: Bus, delivery: Delivery) {
    let work = async {
        let request: v1::CrawlRequested = delivery.decode()?;
        tokio::select! {
            biased;
            () = crawl.stop.cancelled() => Err(unfinished()),
            done = request_of(&crawl, &bus, request) => done,
        }
    };
    let outcome = work.instrument(delivery.span()).await;
    delivery.settle(outcome).await;
}

async fn request_of(
    crawl: &Arc<Crawl>,
    bus: &Bus,
    request: v1::CrawlRequested,
) -> Result<(), Failure> {
    let url = Url::parse(&request.url).map_err(Failure::discard)?;
    let url = clean(url).map_err(|_| Failure::discard(anyhow!("{} is no address", request.url)))?;
    match request.kind() {
        Kind::Source => look_now(crawl, bus, &url).await,
        Kind::Page => {
            crawl.work_off_request(|| page(&url, &request)).await;
            Ok(())
        }
        Kind::Unspecified => Err(Failure::discard(anyhow!("the request has no kind"))),
    }
}

fn page(url: &Url, request: &v1::CrawlRequested) -> Page {
    let v1::CrawlRequested { requested_by, submission_id, tags, outer_id, .. } = request.clone();
    let source = if requested_by.is_empty() { SUBMITTED.to_owned() } else { requested_by };
    let named = Named { url: url.clone(), hint: Hint::default(), lane: Lane::News };
    let outer_id = Some(outer_id).filter(|id| !id.is_empty());
    let requested = Requested { submission_id, tags, outer_id };
    Page::named_by(source.into(), named).requested_by(Some(requested.into()))
}

/// Makes the looks at a source and at what it leads to due, also if it has ended, and wakes the
/// crawlers that follow it.
async fn look_now(crawl: &Crawl, bus: &Bus, url: &Url) -> Result<(), Failure> {
    let memory = &crawl.memory;
    let listing = memory.listing(url).await.map_err(|ended| failed(&ended))?;
    let mut listings = vec![url.to_string()];
    listings.extend(listing.into_iter().flat_map(|listing| listing.leads_to));
    let now_ms = crawl.handler.clock.unix_ms();
    memory.make_due(&listings, now_ms).await.map_err(|ended| failed(&ended))?;
    let changed = v1::SourcesChanged { url: url.to_string() };
    bus.broadcast(Subject::CONTROL_SOURCES, &changed).await?;
    Ok(())
}

fn unfinished() -> Failure {
    Failure::Retry { after: Some(Duration::ZERO), source: anyhow!("the crawler is being stopped") }
}

fn failed(ended: &Ended) -> Failure {
    Failure::retry(anyhow!("the crawler's memory fails: {}", ended.reason()))
}
