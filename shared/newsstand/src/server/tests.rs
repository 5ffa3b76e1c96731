use std::io::Read as _;
use std::time::Duration;

use courant_extract::sources::{self, Robots};
use futures::StreamExt;
use reqwest::{Client, RequestBuilder};

use super::*;
use crate::site::FeedFormat;

const HOST: &str = "harbour-courier.example";
const PATH: &str = "/2026/03/storm-orla-to-bring-gusts-heavy-rain";

async fn open() -> Newsstand {
    serve_sample(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// A client for which every sample host is the newsstand.
fn client(stand: &Newsstand) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default(); // another test was first
    let hosts = stand.hosts();
    let builder = Client::builder().no_gzip().redirect(reqwest::redirect::Policy::none());
    hosts.iter().fold(builder, |builder, host| builder.resolve(host, stand.addr())).build().unwrap()
}

fn get(stand: &Newsstand, path: &str) -> RequestBuilder {
    client(stand).get(format!("http://{HOST}:{}{path}", stand.addr().port()))
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let stand = open().await;
    let first = get(&stand, PATH).send().await.unwrap();
    assert_eq!(first.status(), 200);
    let (etag, date) = (first.headers()["etag"].clone(), first.headers()["last-modified"].clone());
    assert_eq!(date, "Fri, 06 Mar 2026 08:00:00 GMT");
    let length = first.bytes().await.unwrap().len() as u64;
    for request in [
        get(&stand, PATH).header("if-none-match", &etag),
        get(&stand, PATH).header("if-none-match", format!("\"x\", {}", etag.to_str().unwrap())),
        get(&stand, PATH).header("if-modified-since", &date),
    ] {
        let again = request.send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &etag));
        assert!(again.bytes().await.unwrap().is_empty());
    }
    let other =
        get(&stand, PATH).header("if-none-match", "\"x\"").header("if-modified-since", &date);
    assert_eq!(other.send().await.unwrap().status(), 200, "the tag counts before the date");
    let log: Vec<_> = stand.log().iter().map(|r| (r.status, r.bytes, r.conditional)).collect();
    assert_eq!(
        log,
        [(200, length, false), (304, 0, true), (304, 0, true), (304, 0, true), (200, length, true)]
    );
    stand.stop().await;
}

#[tokio::test]
async fn bodies_are_compressed_for_those_who_accept_it() {
    let stand = open().await;
    let plain = get(&stand, PATH).send().await.unwrap().bytes().await.unwrap();
    let compressed = get(&stand, PATH).header("accept-encoding", "br, gzip").send().await.unwrap();
    assert_eq!(compressed.headers()["content-encoding"], "gzip");
    let compressed = compressed.bytes().await.unwrap();
    assert!(compressed.len() < plain.len());
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(compressed.as_ref()).read_to_end(&mut content).unwrap();
    assert_eq!(content, plain);
}

#[tokio::test]
async fn feeds_sitemaps_robots_and_home_lead_to_the_pages() {
    let stand = open().await;
    let client = client(&stand);
    for site in sample() {
        let base = format!("http://{}:{}", site.host, stand.addr().port());
        let bytes = async |path: &str| {
            client.get(format!("{base}{path}")).send().await.unwrap().bytes().await.unwrap()
        };
        let feed = sources::feed(&bytes("/feed.xml").await, None, None).unwrap();
        assert_eq!(feed.kind == sources::FeedKind::Atom, site.feed == FeedFormat::Atom);
        assert_eq!(feed.entries.len(), site.pages.iter().filter(|page| page.is_in_feed).count());
        assert!(
            feed.entries.iter().all(|entry| entry.published_at.is_some() && entry.url.is_some())
        );
        let sitemap = sources::sitemap(&bytes("/news-sitemap.xml").await).unwrap();
        assert_eq!(sitemap.pages.len(), site.pages.len());
        assert!(
            sitemap
                .pages
                .iter()
                .all(|page| page.news_title.is_some() && page.last_modified.is_some())
        );
        let robots = Robots::parse(&bytes("/robots.txt").await, "courant");
        assert_eq!(robots.crawl_delay(), site.crawl_delay);
        assert_eq!(robots.sitemaps(), [format!("http://{}/news-sitemap.xml", site.host)]);
        assert!(robots.allows(&sitemap.pages[0].url));
        assert!(!robots.allows(&format!("{base}/login").parse().unwrap()));
        let home = courant_extract::page(&bytes("/").await, None, &base.parse().unwrap()).unwrap();
        assert!(!home.is_article);
        assert_eq!((home.links.len() >= site.pages.len() - 1, home.feeds.len()), (true, 1));
        for entry in &feed.entries {
            let path = entry.url.as_deref().unwrap().split_once(&site.host).unwrap().1;
            let status = client.get(format!("{base}{path}")).send().await.unwrap().status();
            assert_eq!(status, 200, "{path}");
        }
    }
}

#[tokio::test]
async fn faults_fail_as_they_say_until_they_are_cleared() {
    let stand = open().await;
    let fault = |fault| stand.set_fault(HOST, "/2026/*", fault);
    fault(Fault::TooManyRequests { retry_after: Duration::from_secs(7) });
    let busy = get(&stand, PATH).send().await.unwrap();
    assert_eq!(
        (busy.status().as_u16(), busy.headers()["retry-after"].to_str().unwrap()),
        (429, "7")
    );
    fault(Fault::RedirectLoop);
    let redirect = get(&stand, PATH).send().await.unwrap();
    assert_eq!(
        (redirect.status().as_u16(), redirect.headers()["location"].to_str().unwrap()),
        (302, PATH)
    );
    for (kind, status) in [(Fault::Error500, 500), (Fault::Forbidden, 403)] {
        fault(kind);
        assert_eq!(get(&stand, PATH).send().await.unwrap().status(), status);
        assert_eq!(get(&stand, "/feed.xml").send().await.unwrap().status(), 200);
    }
    fault(Fault::Truncated);
    let cut = get(&stand, PATH).send().await.unwrap();
    assert!(cut.content_length().unwrap() > 0);
    assert!(cut.bytes().await.is_err());
    fault(Fault::Slow(Duration::from_millis(150)));
    let start = Instant::now();
    assert_eq!(get(&stand, PATH).send().await.unwrap().status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(150));
    stand.clear_faults();
    assert_eq!(get(&stand, PATH).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_endless_body_ends_with_the_newsstand() {
    let stand = open().await;
    stand.set_fault(HOST, PATH, Fault::Endless);
    let mut body = get(&stand, PATH).send().await.unwrap().bytes_stream();
    let mut read = 0;
    while read < 200_000 {
        read += body.next().await.unwrap().unwrap().len();
    }
    assert!(stand.log()[0].bytes >= 200_000);
    let rest = tokio::spawn(async move { body.count().await });
    stand.stop().await;
    tokio::time::timeout(STOP_TIMEOUT, rest).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_revision_changes_the_page_and_its_validators() {
    let stand = open().await;
    let path = "/2026/03/passengers-rescued-ferry-fire-kestrel-sound";
    let first = get(&stand, path).send().await.unwrap();
    let etag = first.headers()["etag"].clone();
    assert!(first.text().await.unwrap().contains("two crew members are missing"));
    assert_eq!((stand.revise(), stand.revise()), (1, 0));
    let second = get(&stand, path).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(second.headers()["last-modified"], "Thu, 05 Mar 2026 15:20:00 GMT");
    assert!(second.text().await.unwrap().contains("All 214 people who were aboard"));
    let page = SitePage::html(path, "Third", "third", jiff::Timestamp::UNIX_EPOCH);
    stand.replace_page(HOST, page.clone()).unwrap();
    assert_eq!(get(&stand, path).send().await.unwrap().text().await.unwrap(), "third");
    assert!(matches!(stand.replace_page("no.example", page), Err(NewsstandError::UnknownHost(_))));
}

#[tokio::test]
async fn unknown_hosts_and_pages_are_told_so() {
    let stand = open().await;
    assert_eq!(get(&stand, "/no/such/page").send().await.unwrap().status(), 404);
    assert_eq!(get(&stand, &format!("{PATH}?utm_source=rss")).send().await.unwrap().status(), 200);
    let direct = client(&stand).get(format!("http://{}/", stand.addr())).send().await.unwrap();
    assert_eq!(direct.status(), 421);
    assert!(direct.text().await.unwrap().contains(HOST));
    let post = client(&stand).post(format!("http://{}/", stand.addr())).send().await.unwrap();
    assert_eq!(post.status(), 405);
    let taken = serve_sample(stand.addr()).await.unwrap_err();
    assert!(matches!(taken, NewsstandError::Listen { .. }));
    let twice = Newsstand::start([sample(), sample()].concat(), ([127, 0, 0, 1], 0).into()).await;
    assert!(matches!(twice, Err(NewsstandError::SameHost(_))));
}
