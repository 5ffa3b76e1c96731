//! Tests of whole crawls, with real requests on loopback, a real bus and a real store.

mod killed;
mod newsstand;
mod oddities;
mod outage;
mod steering;
mod timetable;
mod web;
mod world;

#[path = "../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../tests/src/postgres.rs"]
#[expect(dead_code, unreachable_pub, reason = "written for a crate of its own")]
mod postgres;

use std::collections::BTreeMap;

use courant_bus::Subject;
use courant_proto::v1::Pressure;
use courant_proto::v1::pressure::Level;
use courant_service::Control;
use tokio_util::sync::CancellationToken;

use self::world::{Reply, World, article_html};
use crate::{Config, Extent, Source};

#[tokio::test]
async fn a_feed_s_articles_are_submitted_as_they_were_published() {
    let world = World::new().await;
    world.feed("a.example", &["/1", "/2"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.serve("a.example/2", [Reply::article("Beeford")]);
    let report = world.crawl(&["https://a.example/feed"]).await;
    assert_eq!((report.found, report.submitted), (2, 2), "{report:?}");
    let entries = world.submitted(2).await;
    assert_eq!(entries[0].url, "http://a.example/1");
    assert_eq!(entries[0].title, "Bridge of Ayton");
    assert!(entries[0].text.contains("The council of Ayton"));
    assert_eq!(entries[0].published_at, "2024-03-05T09:30:00+02:00");
    assert_eq!(entries[0].source, "https://a.example/feed");
    assert_ne!(entries[0].submission_id, entries[1].submission_id);
    assert!((world.clock.unix_ms() - entries[0].observed_at_ms).abs() < 60_000);
}

#[tokio::test]
async fn a_second_crawl_fetches_no_unchanged_body_and_submits_what_changed() {
    let world = World::new().await;
    world.feed("a.example", &["/same", "/changed", "/silent", "/moved"]);
    world.serve("a.example/same", [Reply::article("Ayton")]);
    world.serve("a.example/changed", [Reply::article("Beeford")]);
    world.serve("a.example/silent", [Reply::ok(article_html("Corby", ""))]);
    world.serve("a.example/moved", [Reply::redirect("http://www.a.example/there")]);
    world.serve("www.a.example/there", [Reply::article("Dalby")]);
    let first = world.crawl(&["http://a.example/feed"]).await;
    assert_eq!(first.submitted, 4, "{first:?}");
    assert_eq!(world.submitted(4).await[3].url, "http://www.a.example/there");

    let second = Reply::ok(article_html("Eastrington", "")).with("etag", "\"2\"");
    world.serve("a.example/changed", [second]);
    let report = world.crawl(&["http://a.example/feed"]).await;
    assert_eq!((report.found, report.submitted, report.not_modified), (4, 1, 3), "{report:?}");
    assert_eq!(world.submitted(1).await[0].title, "Bridge of Eastrington");
    assert_eq!(world.hits_of("a.example/same").last().unwrap().status, 304);
    assert_eq!(world.hits_of("www.a.example/there").last().unwrap().status, 304);
}

#[tokio::test]
async fn what_the_bus_did_not_take_is_not_remembered() {
    let world = World::new().await;
    world.feed("a.example", &["/1"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.bus.clone().close().await.unwrap();
    let control = Control::new("crawler", &CancellationToken::new());
    let sources = vec![Source::parse("http://a.example/feed").unwrap()];
    let ended = world.crawler(world.config()).run(sources, Extent::Everything, &control).await;
    assert!(matches!(ended, Err(crate::Error::Publish(_) | crate::Error::Bus(_))), "{ended:?}");
    assert_eq!(world.store.crawl().visit("http://a.example/1").await.unwrap(), None);
}

#[tokio::test]
async fn local_sources_are_submitted_and_every_record_is_accounted_for() {
    let world = World::new().await;
    let jsonl = [
        r#"{"url":"https://j.example/1","title":"One","text":"A text.","more":1}"#,
        "",
        r#"{"url":"https://j.example/2","title":"No text","text":" "}"#,
        r#"{"url":"nowhere","text":"A text."}"#,
        "not json",
    ];
    let jsonl = world.file("articles.jsonl", jsonl.join("\n"));
    let canonical = "<link rel=canonical href=https://f.example/by-canonical>";
    world.file("pages/a.html", article_html("Ayton", canonical));
    let saved = "<!-- saved from url=(0026)https://f.example/by-comment -->";
    world.file("pages/deep/b.htm", format!("{saved}{}", article_html("Beeford", "")));
    world.file("pages/c.html", article_html("Corby", ""));
    let pages = world.file("pages/notes.txt", "nothing").parent().unwrap().to_owned();
    let warc = world.file("crawl.warc", archive("https://w.example/1", &article_html("Dalby", "")));

    let sources = [&jsonl, &pages, &warc].map(|path| path.to_str().unwrap());
    let report = world.crawl(&sources).await;
    assert_eq!((report.found, report.submitted), (8, 4), "{report:?}");
    let refused = [("invalid_record", 1), ("invalid_url", 1), ("no_url", 1), ("not_article", 1)];
    assert_eq!(report.refused, BTreeMap::from(refused));
    assert!(report.source_errors.is_empty(), "{report:?}");
    let entries = world.submitted(4).await;
    let urls: Vec<_> = entries.iter().map(|entry| entry.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "https://f.example/by-canonical",
            "https://f.example/by-comment",
            "https://j.example/1",
            "https://w.example/1",
        ]
    );
    assert_eq!(entries[3].observed_at_ms, 1_709_623_800_000, "as of when it was archived");
}

fn archive(url: &str, html: &str) -> String {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{html}");
    format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n\
         WARC-Date: 2024-03-05T07:30:00Z\r\nContent-Type: application/http; msgtype=response\r\n\
         Content-Length: {}\r\n\r\n{answer}\r\n\r\n",
        answer.len()
    )
}

#[tokio::test]
async fn lists_lead_to_the_web() {
    let world = World::new().await;
    world.feed("a.example", &["/1"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.serve("b.example/1", [Reply::article("Beeford")]);
    let opml = "<opml version='2.0'><body><outline xmlUrl='http://a.example/feed'/>\
                <outline xmlUrl='http://gone.example/feed'/></body></opml>";
    let opml = world.file("feeds.opml", opml);
    let list = world.file("list.txt", "# mine\nhttp://b.example/1\nhttp://a.example/1\n::\n");
    let report = world.crawl(&[opml.to_str().unwrap(), list.to_str().unwrap()]).await;
    assert_eq!((report.found, report.submitted), (3, 2), "a URL counts once: {report:?}");
    assert_eq!(report.refused, BTreeMap::from([("invalid_url", 1)]));
    let problem = &report.source_errors["http://gone.example/feed"];
    assert_eq!(problem, "not fetched: not_found");
}

#[test]
fn a_source_that_is_none_says_so_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("picture.png");
    std::fs::write(&file, b"\x89PNG\r\n\x1a\n").unwrap();
    let sources =
        ["no-such-file", "example.com", "ftp://a.example/", "http://", file.to_str().unwrap()];
    for source in sources {
        let message = Source::parse(source).unwrap_err().to_string();
        assert!(message.starts_with("source ") && !message.contains('\n'), "{message}");
    }
    assert!(matches!(Source::parse(folder.path().to_str().unwrap()), Ok(Source::Folder(_))));
}

#[tokio::test]
async fn a_shutdown_ends_the_crawl_and_leaves_the_rest_pending() {
    let world = World::new().await;
    world.feed("a.example", &["/1", "/2", "/3"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.serve("a.example/2", [Reply::article("Beeford")]);
    let config = Config { min_delay_ms: 3_600_000, ..world.config() };
    let shutdown = CancellationToken::new();
    let control = Control::new("crawler", &shutdown);
    // The feed is requested after robots.txt, an hour later.
    let crawler = world.crawler(config);
    let progress = crawler.progress();
    let running = tokio::spawn(async move {
        let sources = vec![Source::parse("http://a.example/feed").unwrap()];
        crawler.run(sources, Extent::Forever, &control).await
    });
    while progress.report().requests == 0 {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!(report.requests, 1);
    assert!(report.source_errors.is_empty(), "{report:?}");
}

#[tokio::test]
async fn what_a_shutdown_cut_off_is_submitted_by_the_next_crawl() {
    let world = World::with_queue(3).await;
    let hosts: Vec<_> = (0..8).map(|n| format!("site{n}.example")).collect();
    for host in &hosts {
        world.serve(&format!("{host}/1"), [Reply::article(host)]);
    }
    let lines: String = hosts.iter().map(|host| format!("http://{host}/1\n")).collect();
    let list = world.file("list.txt", lines);
    let crawler = world.crawler(world.config());
    let progress = crawler.progress();
    let shutdown = CancellationToken::new();
    let control = Control::new("crawler", &shutdown);
    let source = Source::parse(list.to_str().unwrap()).unwrap();
    let running =
        tokio::spawn(async move { crawler.run(vec![source], Extent::Everything, &control).await });
    while (progress.report().fetched, progress.report().submitted) != (8, 3) {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    let first = running.await.unwrap().unwrap();
    assert_eq!((first.found, first.submitted, first.pending()), (8, 3, 5), "the queue is full");
    let before = world.submitted(3).await;

    let sources = [list.to_str().unwrap()];
    let (crawling, rest) = tokio::join!(world.crawl(&sources), world.submitted(5));
    assert_eq!((crawling.submitted, crawling.not_modified), (5, 3), "{crawling:?}");
    assert!(rest.iter().all(|entry| before.iter().all(|sooner| sooner.url != entry.url)));
}

#[tokio::test]
async fn feeds_are_visited_again_and_their_recent_pages_are_not() {
    let world = World::new().await;
    world.feed("a.example", &["/1"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    let config = Config { revisit_interval_s: 1, min_revisit_interval_s: 1, ..world.config() };
    let crawler = world.crawler(config);
    let progress = crawler.progress();
    let shutdown = CancellationToken::new();
    let control = Control::new("crawler", &shutdown);
    let source = Source::parse("http://a.example/feed").unwrap();
    let running =
        tokio::spawn(async move { crawler.run(vec![source], Extent::Forever, &control).await });
    while progress.report().skipped_known == 0 {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    let report = running.await.unwrap().unwrap();
    assert_eq!((report.found, report.submitted, report.skipped_known), (2, 1, 1), "{report:?}");
    assert_eq!(world.hits_of("a.example/1").len(), 1);
    assert_eq!(world.hits_of("a.example/robots.txt").len(), 1);
}

#[tokio::test]
async fn while_the_pipeline_says_stop_no_page_is_fetched() {
    let world = World::new().await;
    world.feed("a.example", &["/1"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    // Robots.txt, the index and its sitemaps: nine turns of another site, where
    // the page has the third turn of its own.
    let maps: Vec<_> = (0..8).map(|n| format!("b.example/{n}.xml")).collect();
    let entry = |map: &String| format!("<sitemap><loc>http://{map}</loc></sitemap>");
    let index: String = maps.iter().map(entry).collect();
    let index = format!("<sitemapindex>{index}</sitemapindex>");
    world.serve("b.example/index.xml", [Reply::ok(index)]);
    let last_map = maps.last().unwrap();

    let crawler = world.crawler(Config { min_delay_ms: 50, ..world.config() });
    let stops = async {
        while world.hits_of(last_map).is_empty() {
            say(&world, Level::Stop).await;
        }
        assert_eq!(world.hits_of("a.example/feed").len(), 1);
        assert!(world.hits_of("a.example/1").is_empty());
        say(&world, Level::None).await;
    };
    let control = Control::new("crawler", &CancellationToken::new());
    let sources = ["http://a.example/feed", "http://b.example/index.xml"];
    let sources = sources.map(|source| Source::parse(source).unwrap()).to_vec();
    let (ended, ()) = tokio::join!(crawler.run(sources, Extent::Everything, &control), stops);
    assert_eq!(ended.unwrap().submitted, 1);
}

async fn say(world: &World, level: Level) {
    let pressure = Pressure { level: level.into(), ..Default::default() };
    world.bus.broadcast(Subject::CONTROL_PRESSURE, &pressure).await.unwrap();
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn the_metrics_say_what_became_of_the_pages() {
    let world = World::new().await;
    world.feed("a.example", &["/1", "/2"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.crawl(&["http://a.example/feed"]).await;
    let metrics = world.meters.render().unwrap();
    for line in [
        r#"courant_messages_total{agent="crawler",outcome="submitted"} 1"#,
        r#"courant_crawl_pages_total{outcome="refused",reason="not_found"} 1"#,
        r#"courant_crawl_pages_total{outcome="failed",reason="timeout"} 0"#,
        r#"courant_crawl_requests_total{answer="document"} 2"#,
        r#"courant_stage_duration_seconds_count{agent="crawler",stage="fetch"} 4"#,
        r#"courant_stage_duration_seconds_count{agent="crawler",stage="extract"} 1"#,
        r#"courant_stage_duration_seconds_count{agent="crawler",stage="publish"} 1"#,
        "courant_crawl_body_size_bytes_total ",
        "courant_crawl_frontier 0",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
}
