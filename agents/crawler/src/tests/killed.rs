//! Tests of crawlers that are killed: the process ends between two steps, without a shutdown, and
//! a new crawler resumes the work.

use std::time::Duration;

use courant_service::Control;
use courant_store::{Note, NoteKind};
use courant_telemetry::Clock;
use tokio_util::sync::CancellationToken;

use super::world::{Reply, World};
use crate::{Config, Extent, Report, Source};

const NOW_MS: i64 = 1_700_000_000_000;

async fn world() -> World {
    let mut world = World::new().await;
    world.clock = Clock::fixed(NOW_MS);
    world
}

/// Crawls until `is_reached`, and then kills the crawler.
async fn killed(world: &World, config: Config, source: &str, is_reached: impl AsyncFn() -> bool) {
    let crawler = world.crawler(config);
    let control = Control::new("crawler", &CancellationToken::new());
    let sources = vec![Source::parse(source).unwrap()];
    let crawl = Box::pin(crawler.run(sources, Extent::Forever, &control));
    let reached = async {
        while !is_reached().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        ended = crawl => panic!("the crawl ended: {ended:?}"),
        () = reached => {}
    }
}

/// Starts a second crawler without sources. It only resumes from the notes.
async fn restarted(world: &World, config: Config) -> Report {
    let control = Control::new("crawler", &CancellationToken::new());
    world.crawler(config).run(Vec::new(), Extent::Due, &control).await.unwrap()
}

async fn noted(world: &World, kind: NoteKind) -> Vec<Note> {
    world.store.crawl().notes(kind, None, 100).await.unwrap()
}

#[tokio::test]
async fn pages_that_waited_are_fetched_after_a_kill() {
    let world = world().await;
    world.feed("a.example", &["/1", "/2", "/3"]);
    for page in ["/1", "/2", "/3"] {
        world.serve(&format!("a.example{page}"), [Reply::article(page)]);
    }
    let pages = async || noted(&world, NoteKind::Page).await.len() == 3;
    // The delay is long enough for the pages to be noted before the first request for one of them.
    let slow = Config { min_delay_ms: 1_500, ..world.config() };
    killed(&world, slow, "http://a.example/feed", pages).await;
    // The feed no longer names the pages, so only the notes can bring them back.
    world.feed("a.example", &[]);
    let before = world.hits_of("a.example/robots.txt").len();
    let report = restarted(&world, world.config()).await;
    assert_eq!((report.found, report.submitted), (3, 3), "{report:?}");
    assert_eq!(world.hits_of("a.example/robots.txt").len(), before, "it is known for a day");
    assert!(noted(&world, NoteKind::Page).await.is_empty());
    let entries = world.submitted(3).await;
    assert!(entries.iter().all(|entry| entry.source == "http://a.example/feed"));
    assert_eq!(restarted(&world, world.config()).await.found, 0);
}

#[tokio::test]
async fn a_pause_that_a_server_asked_for_outlives_a_kill() {
    let world = world().await;
    let busy = Reply::status(429).with("retry-after", "600");
    world.serve("a.example/1", [busy, Reply::article("Ayton")]);
    let list = world.file("list.txt", "http://a.example/1\n");
    let list = list.to_str().unwrap();
    let patient = || Config { max_retry_after_s: 3_600, ..world.config() };
    let paused = async || !noted(&world, NoteKind::Pause).await.is_empty();
    killed(&world, patient(), list, paused).await;
    let asked = || world.hits_of("a.example/1").len();
    assert_eq!(asked(), 1);
    let early = restarted(&world, world.config()).await;
    assert_eq!((early.failed["left_alone"], asked()), (1, 1), "{early:?}");
    assert_eq!(world.crawl(&[list]).await.failed["left_alone"], 1, "whatever the crawl");
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(world.crawl(&[list]).await.submitted, 1);
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn robots_txt_is_asked_for_again_after_a_day() {
    let world = world().await;
    world.feed("a.example", &[]);
    let robots = || world.hits_of("a.example/robots.txt").len();
    world.serve("a.example/robots.txt", [Reply::ok("User-agent: *\nDisallow: /feed")]);
    for (seconds, expected) in [(0, 1), (23 * 3_600, 1), (3_600, 2)] {
        world.clock.advance(Duration::from_secs(seconds));
        let report = world.crawl(&["http://a.example/feed"]).await;
        let problem = &report.source_errors["http://a.example/feed"];
        assert_eq!(problem, "not fetched: robots_disallow");
        assert_eq!(robots(), expected, "{seconds} s later");
    }
}
