//! Tests that crawl the bundled sample sites as a user would.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use courant_dedup::registered_domain_of;
use courant_newsstand::{Fault, LoggedRequest, Newsstand, Site, SitePage, serve_sample};

use super::world::{World, article_html};
use crate::Config;

/// The crawl delay in the robots.txt of each sample site.
const CRAWL_DELAY: Duration = Duration::from_millis(50);

async fn sample() -> (World, Newsstand, Vec<String>) {
    let newsstand = serve_sample("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let homes = newsstand.hosts().iter().map(|host| format!("https://{host}/")).collect();
    (World::new().await, newsstand, homes)
}

fn articles(log: &[LoggedRequest]) -> impl Iterator<Item = &LoggedRequest> {
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

/// A second crawl does not fetch robots.txt again, and keeps the crawl delay.
fn assert_crawl_delay(log: &[LoggedRequest]) {
    let mut last: BTreeMap<String, &LoggedRequest> = BTreeMap::new();
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
    // Sorted by name, because the order of the requests is not fixed.
    let pages_by_name: BTreeSet<_> = articles(&log)
        .filter(|page| !page.path.ends_with("at-a-glance"))
        .map(|page| (page.host.as_str(), page.path.as_str()))
        .collect();
    for (place, (fault, _)) in faults.iter().enumerate() {
        let host = &hosts[place % hosts.len()];
        let of_host = pages_by_name.iter().filter(|(of, _)| of == host);
        newsstand.set_fault(host, of_host.map(|(_, path)| path).nth(place).unwrap(), *fault);
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

#[tokio::test]
async fn all_hosts_of_a_domain_share_its_delay_and_its_pauses() {
    let at = "2026-01-05T08:00:00Z".parse().unwrap();
    let site = |host: &str| {
        let page = |n: usize| {
            let name = format!("{host}-{n}");
            SitePage::html(format!("/{n}"), &name, article_html(&name, ""), at)
        };
        let delay = Some(Duration::from_millis(30));
        Site { pages: (0..4).map(page).collect(), crawl_delay: delay, ..Site::new(host, host) }
    };
    let hosts = ["a.co.uk", "news.a.co.uk", "sport.a.co.uk", "b.co.uk", "news.b.co.uk"];
    let sites = hosts.map(site).to_vec();
    let newsstand = Newsstand::start(sites, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let busy = Fault::TooManyRequests { retry_after: Duration::from_secs(1) };
    newsstand.set_fault("sport.a.co.uk", "/2", busy);
    newsstand.set_fault("b.co.uk", "/1", Fault::Forbidden);

    let world = World::new().await;
    let config = Config { min_delay_ms: 30, max_attempts: 2, ..world.config_at(newsstand.addr()) };
    let feeds = hosts.map(|host| format!("http://{host}/feed.xml"));
    let report = world.crawl_with(config, &feeds.each_ref().map(String::as_str)).await;
    assert_eq!((report.found, report.submitted), (20, 18), "{report:?}");

    let mut last: BTreeMap<String, LoggedRequest> = BTreeMap::new();
    for request in newsstand.log() {
        let Some(before) = last.insert(registered_domain_of(&request.host), request.clone()) else {
            continue;
        };
        let least = match before.status {
            429 | 403 => Duration::from_secs(1),
            _ => Duration::from_millis(30),
        };
        assert!(request.at - before.at >= least, "{before:?} and {request:?}");
    }
    assert_eq!(last.len(), 2, "a queue for each registered domain");
}
