//! The bundled sample sites, crawled as a user would.

use std::collections::BTreeMap;
use std::time::Duration;

use courant_dedup::registered_domain_of;
use courant_newsstand::{Fault, Newsstand, Request, serve_sample};

use super::world::World;
use crate::Config;

/// What robots.txt of each sample site asks for.
const CRAWL_DELAY: Duration = Duration::from_millis(50);

async fn sample() -> (World, Newsstand, Vec<String>) {
    let newsstand = serve_sample("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let homes = newsstand.hosts().iter().map(|host| format!("https://{host}/")).collect();
    (World::new().await, newsstand, homes)
}

fn articles(log: &[Request]) -> impl Iterator<Item = &Request> {
    log.iter().filter(|request| request.path.starts_with("/20"))
}

#[tokio::test]
async fn the_sample_is_crawled_within_its_rules_and_not_fetched_twice() {
    let (world, newsstand, homes) = sample().await;
    let homes: Vec<_> = homes.iter().map(String::as_str).collect();
    let config = world.config_at(newsstand.addr());
    let first = world.crawl_with(config.clone(), &homes).await;
    assert!(first.submitted >= 25, "{first:?}");
    assert!(first.failed.is_empty() && first.source_errors.is_empty(), "{first:?}");
    let listings = BTreeMap::from([("not_article", 1)]);
    assert_eq!(first.refused, listings, "the listing, and nothing else");

    let before = newsstand.log().len();
    let second = world.crawl_with(config.clone(), &homes).await;
    assert_eq!(second.not_modified, second.found, "{second:?}");
    let log = newsstand.log();
    assert!(articles(&log[before..]).all(|request| request.conditional && request.status == 304));
    assert!(articles(&log[before..]).all(|request| request.bytes == 0));

    let revised = newsstand.revise() as u64;
    let third = world.crawl_with(config, &homes).await;
    assert!(revised > 0 && third.submitted == revised, "{revised} of {third:?}");
    assert_crawl_delay(&newsstand.log());
}

/// Between two crawls nothing is remembered of the last request's time.
fn assert_crawl_delay(log: &[Request]) {
    let mut last: BTreeMap<String, &Request> = BTreeMap::new();
    for request in log {
        let before = last.insert(registered_domain_of(&request.host), request);
        let is_first = request.path == "/robots.txt";
        if let Some(before) = before.filter(|before| !is_first && before.path != "/robots.txt") {
            assert!(request.at - before.at >= CRAWL_DELAY, "{before:?} and {request:?}");
        }
    }
}

#[tokio::test]
async fn a_faulty_newsstand_costs_the_faulty_pages_only() {
    let (world, newsstand, homes) = sample().await;
    let homes: Vec<_> = homes.iter().map(String::as_str).collect();
    let config = Config {
        header_timeout_s: 1,
        max_attempts: 2,
        max_body_bytes: 1_000_000,
        ..world.config_at(newsstand.addr())
    };
    let pages = world.crawl_with(config.clone(), &homes).await.found;
    let log = newsstand.log();
    let busy = Fault::TooManyRequests { retry_after: Duration::from_secs(1) };
    let faults = [
        (Fault::Slow(Duration::from_secs(10)), "timeout"),
        (busy, "rate_limited"),
        (Fault::Error500, "server_error"),
        (Fault::Truncated, "broken_body"),
        (Fault::Forbidden, "forbidden"),
        (Fault::Endless, "too_large"),
        (Fault::RedirectLoop, "too_many_redirects"),
    ];
    let hosts = newsstand.hosts();
    for (place, (fault, _)) in faults.iter().enumerate() {
        let host = &hosts[place % hosts.len()];
        let page = articles(&log).filter(|page| &page.host == host).nth(place).unwrap();
        newsstand.set_fault(host, &page.path, *fault);
    }
    // A world that has seen nothing yet.
    let world = World::new().await;
    let report = world.crawl_with(config, &homes).await;
    assert_eq!(report.found, pages, "{report:?}");
    let reasons = faults.map(|(_, reason)| reason);
    let expected = |range: &[&'static str]| -> BTreeMap<&'static str, u64> {
        range.iter().map(|reason| (*reason, 1)).collect()
    };
    assert_eq!(report.failed, expected(&reasons[..4]), "{report:?}");
    let mut refused = expected(&reasons[4..]);
    refused.insert("not_article", 1);
    assert_eq!(report.refused, refused, "{report:?}");
    assert_eq!(report.submitted, pages - 8, "{report:?}");
}
