//! Tests of sources that change, and pages that are asked for, while a crawl runs.

use std::time::Duration;

use courant_bus::{FollowedItem, Stage, Subject};
use courant_proto::v1;
use courant_proto::v1::crawl_requested::Kind;
use courant_service::Control;
use courant_sources::{FollowedSource, Sources};
use courant_store::Listing;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::world::{Reply, World};
use crate::{Crawler, Error, Extent, Report, Source};

const FEED: &str = "http://a.example/feed";
const PATIENCE: Duration = Duration::from_secs(20);

/// A crawl that runs until its test ends it.
struct Running {
    shutdown: CancellationToken,
    crawl: JoinHandle<Result<Report, Error>>,
}

impl Running {
    fn start(world: &World, sources: &[&str]) -> Self {
        Self::crawl(world.crawler(world.config()), sources, Extent::Forever)
    }

    fn crawl(crawler: Crawler, sources: &[&str], extent: Extent) -> Self {
        let shutdown = CancellationToken::new();
        let control = Control::new("crawler", &shutdown);
        let sources = sources.iter().map(|source| Source::parse(source).unwrap()).collect();
        let crawl = tokio::spawn(async move { crawler.run(sources, extent, &control).await });
        Self { shutdown, crawl }
    }

    async fn end(self) -> Report {
        self.shutdown.cancel();
        self.crawl.await.unwrap().unwrap()
    }
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it never came about");
}

fn sources_of(world: &World) -> Sources {
    Sources::of(world.store.crawl())
}

async fn change(world: &World, source: &FollowedSource) {
    sources_of(world).record(std::slice::from_ref(source)).await.unwrap();
    let changed = v1::SourcesChanged::default();
    world.bus.broadcast(Subject::CONTROL_SOURCES, &changed).await.unwrap();
}

async fn request(world: &World, name: &str, request: v1::CrawlRequested) {
    let id = courant_bus::MessageId::new(name);
    world.bus.publish(Subject::CRAWL_REQUESTED, &id, &request).await.unwrap();
}

async fn queued(world: &World, stage: Stage) -> u64 {
    let queues = world.bus.queues().await.unwrap();
    queues.iter().find(|queue| queue.stages.contains(&stage)).map_or(0, |queue| queue.depth)
}

fn added() -> FollowedSource {
    FollowedSource::added(FEED.into(), vec!["local".into()], 5)
}

async fn listing(world: &World) -> Option<Listing> {
    world.store.crawl().listing(FEED).await.unwrap()
}

#[tokio::test]
async fn a_source_is_added_paused_resumed_and_removed_while_the_crawl_runs() {
    let world = World::new().await;
    world.feed("a.example", &["/1"]).serve("a.example/1", [Reply::article("Ayton")]);
    let running = Running::start(&world, &[]);
    change(&world, &added()).await;
    until(async || listing(&world).await.is_some()).await;
    assert_eq!(world.submitted(1).await[0].source, FEED);

    change(&world, &FollowedSource { paused: true, ..added() }).await;
    let check = || v1::CrawlRequested {
        url: FEED.into(),
        kind: Kind::Source.into(),
        ..v1::CrawlRequested::default()
    };
    // A paused source is due from then on, and nobody looks.
    request(&world, "paused", check()).await;
    until(async || queued(&world, Stage::CRAWLER).await == 0).await;
    assert_eq!(world.hits_of("a.example/feed").len(), 1);
    change(&world, &added()).await;
    until(async || world.hits_of("a.example/feed").len() == 2).await;

    sources_of(&world).forget(FEED, &[FEED.to_owned()]).await.unwrap();
    world.bus.broadcast(Subject::CONTROL_SOURCES, &v1::SourcesChanged::default()).await.unwrap();
    request(&world, "removed", check()).await;
    until(async || queued(&world, Stage::CRAWLER).await == 0).await;
    until(async || listing(&world).await.is_none()).await;
    running.end().await;
    assert_eq!(world.hits_of("a.example/feed").len(), 2);
}

#[tokio::test]
async fn a_source_that_was_added_is_followed_after_a_restart() {
    let world = World::new().await;
    world.feed("a.example", &[]);
    sources_of(&world).record(&[added()]).await.unwrap();
    let running = Running::start(&world, &[]);
    until(async || listing(&world).await.is_some()).await;
    running.end().await;
}

#[tokio::test]
async fn sources_of_the_configuration_are_recorded_as_such() {
    let world = World::new().await;
    world.feed("a.example", &[]);
    sources_of(&world).record(&[added()]).await.unwrap();
    let running = Running::start(&world, &[FEED]);
    let is_configured = async || {
        let sources = sources_of(&world).all(world.clock.unix_ms()).await.unwrap();
        assert_eq!((sources.len(), sources[0].tags.as_slice()), (1, &["local".to_owned()][..]));
        sources[0].configured && sources[0].until_ms < Listing::NEVER_MS
    };
    until(is_configured).await;
    running.end().await;
}

#[tokio::test]
async fn a_source_that_has_ended_is_looked_at_again_when_asked_for() {
    let world = World::new().await;
    world.feed("a.example", &[]);
    let ended = Listing {
        url: FEED.into(),
        kind: "feed".into(),
        failures: 1,
        next_check_at_ms: Listing::NEVER_MS,
        ..Listing::default()
    };
    world.store.crawl().record_listing(&[], &ended).await.unwrap();
    sources_of(&world).record(&[added()]).await.unwrap();
    let running = Running::start(&world, &[]);
    let check = v1::CrawlRequested {
        url: FEED.into(),
        kind: Kind::Source.into(),
        ..v1::CrawlRequested::default()
    };
    request(&world, "check", check).await;
    until(async || listing(&world).await.is_some_and(|listing| listing.failures == 0)).await;
    running.end().await;
}

#[tokio::test]
async fn a_page_that_is_asked_for_is_fetched_with_the_words_of_who_asked() {
    let world = World::new().await;
    let tagged = super::world::article_html("Ayton", "<meta name=keywords content='bridge,b'>");
    world.serve("a.example/1", [Reply::ok(tagged)]);
    let running = Running::start(&world, &[]);
    for name in ["first", "again"] {
        let page = v1::CrawlRequested {
            url: "http://a.example/1#top".into(),
            kind: Kind::Page.into(),
            submission_id: name.into(),
            tags: vec!["mine".into(), "b".into()],
            outer_id: "cms-1".into(),
            requested_by: "desk".into(),
            ..v1::CrawlRequested::default()
        };
        request(&world, name, page).await;
        until(async || queued(&world, Stage::CRAWLER).await == 0).await;
        let entry = &world.submitted(1).await[0];
        assert_eq!((entry.submission_id.as_str(), entry.source.as_str()), (name, "desk"));
        let page = entry.page.as_ref().unwrap();
        assert_eq!(
            (page.outer_id.as_str(), page.tags.join(" ")),
            ("cms-1", "mine b bridge".into())
        );
    }
    running.end().await;
    assert_eq!(world.hits_of("a.example/1").len(), 2, "known or not");
}

#[tokio::test]
async fn a_round_that_ends_carries_out_requests_if_it_is_told_to() {
    let world = World::new().await;
    world.serve("b.example/feed", [Reply::ok("<rss>").endless()]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    let crawler = world.crawler(world.config()).serving_requests();
    let running = Running::crawl(crawler, &["http://b.example/feed"], Extent::Due);
    let page = v1::CrawlRequested {
        url: "http://a.example/1".into(),
        kind: Kind::Page.into(),
        submission_id: "first".into(),
        ..v1::CrawlRequested::default()
    };
    request(&world, "first", page).await;
    assert_eq!(world.submitted(1).await[0].submission_id, "first", "while the feed is read");
    running.end().await;

    let crawler = world.crawler(world.config()).serving_requests();
    let ends = Running::crawl(crawler, &[], Extent::Due).crawl;
    tokio::time::timeout(PATIENCE, ends).await.expect("no request holds it up").unwrap().unwrap();
}

#[tokio::test]
async fn a_page_that_gives_no_article_is_refused_with_the_reason() {
    let world = World::new().await;
    world.serve("a.example/robots.txt", [Reply::ok("User-agent: *\nDisallow: /secret")]);
    let running = Running::start(&world, &[]);
    for (name, url) in [("s-1", "http://a.example/secret"), ("s-2", "http://a.example/absent")] {
        let page = v1::CrawlRequested {
            url: url.into(),
            kind: Kind::Page.into(),
            submission_id: name.into(),
            ..v1::CrawlRequested::default()
        };
        request(&world, name, page).await;
    }
    let mut events = world.bus.follow_own(&[Subject::ENTRY_DECIDED], None).unwrap();
    let mut told = Vec::new();
    while told.len() < 2 {
        let item = tokio::time::timeout(PATIENCE, events.next()).await.unwrap().unwrap();
        let FollowedItem::Message(event) = item else { continue };
        let decided: v1::EntryDecided = event.decode().unwrap();
        assert_eq!(decided.decision(), v1::Decision::Refused);
        told.push(format!("{}: {}", decided.submission_id, decided.reason));
    }
    told.sort();
    let reason = "the crawler got no article from the page:";
    assert_eq!(told[0], format!("s-1: {reason} robots_disallow"));
    assert_eq!(told[1], format!("s-2: {reason} not_found"));
    running.end().await;
    assert!(world.hits_of("a.example/secret").is_empty());
}
