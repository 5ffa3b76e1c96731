//! Tests of the times at which feeds are looked at again, across restarts.

use std::time::Duration;

use courant_service::Control;
use courant_store::Listing;
use courant_telemetry::Clock;
use tokio_util::sync::CancellationToken;

use super::world::{Reply, World};
use crate::{Config, Extent, Report, Source};

const FEED: &str = "http://a.example/feed";
const RSS: &str = "<rss version='2.0'><channel><title>T</title><item><title>x</title>\
                   <link>http://a.example/1</link></item></channel></rss>";

async fn world() -> World {
    let mut world = World::new().await;
    world.clock = Clock::fixed(1_700_000_000_000);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world
}

/// Starts a crawler, which handles everything that is due.
async fn restarted(world: &World, source: &str) -> (Report, Control) {
    let control = Control::new("crawler", &CancellationToken::new());
    let crawler = world.crawler(Config { max_attempts: 1, ..world.config() });
    let sources = vec![Source::parse(source).unwrap()];
    (crawler.run(sources, Extent::Due, &control).await.unwrap(), control)
}

async fn known(world: &World) -> Listing {
    world.store.crawl().listing(FEED).await.unwrap().expect("the feed was looked at")
}

fn wait_s(listing: &Listing) -> i64 {
    (listing.next_check_at_ms - listing.checked_at_ms) / 1_000
}

#[tokio::test]
async fn a_feed_that_is_not_due_is_not_fetched_again_after_a_restart() {
    let world = world().await;
    world.feed("a.example", &["/1"]);
    let looks = || world.hits_of("a.example/feed").len();
    // The first interval is 900 s, the second, as nothing changed, 1350 s.
    let steps = [(0, 1), (899, 1), (1, 2), (1_349, 2), (1, 3)];
    for (seconds, expected) in steps {
        world.clock.advance(Duration::from_secs(seconds));
        restarted(&world, FEED).await;
        assert_eq!(looks(), expected, "{seconds} s later");
    }
    world.feed("a.example", &["/1", "/2"]);
    world.clock.advance(Duration::from_secs(2_025));
    restarted(&world, FEED).await;
    assert_eq!(known(&world).await.interval_s, 1_620, "sooner, as something changed");
}

#[tokio::test]
async fn a_site_s_listings_have_each_their_own_turn() {
    let world = world().await;
    let home = "<html><head><link rel=alternate type=application/rss+xml href=/feed></head></html>";
    world.serve("a.example/", [Reply::ok(home).with("cache-control", "max-age=3600")]);
    world.feed("a.example", &["/1"]);
    for seconds in [0, 900] {
        world.clock.advance(Duration::from_secs(seconds));
        let (report, _) = restarted(&world, "http://a.example/").await;
        assert!(report.source_errors.is_empty(), "{report:?}");
    }
    assert_eq!(world.hits_of("a.example/").len(), 1);
    assert_eq!(world.hits_of("a.example/feed").len(), 2);
}

#[tokio::test]
async fn a_feed_is_not_looked_at_in_the_hours_that_it_names() {
    let quiet = RSS.replace(
        "<item>",
        "<skipHours><hour>22</hour><hour>23</hour></skipHours>\
         <skipDays><day>Wednesday</day></skipDays><item>",
    );
    let world = world().await;
    world.serve("a.example/feed", [Reply::ok(quiet)]);
    // It is Tuesday, 22:13:20 in GMT.
    restarted(&world, FEED).await;
    assert_eq!(wait_s(&known(&world).await), 86_400, "a day at most, whatever it asks for");
}

#[tokio::test]
async fn what_the_publisher_asks_for_is_honoured() {
    let ttl = RSS.replace("<item>", "<ttl>120</ttl><item>");
    let cases = [
        (Reply::ok(ttl), 7_200),
        (Reply::ok(RSS).with("cache-control", "max-age=5000"), 5_000),
        (Reply::ok(RSS).with("expires", "Wed, 15 Nov 2023 00:13:20 GMT"), 7_200),
        (Reply::ok(RSS).with("cache-control", "max-age=60"), 900),
        (Reply::ok(RSS).with("cache-control", "max-age=99999999"), 86_400),
        (Reply::status(429).with("retry-after", "9000"), 9_000),
    ];
    for (reply, expected) in cases {
        let world = world().await;
        world.serve("a.example/feed", [reply]);
        restarted(&world, FEED).await;
        // The wait that a refusing server asks for is already running while the crawler reads on.
        let wait = wait_s(&known(&world).await);
        assert!((expected - 1..=expected).contains(&wait), "{wait} instead of {expected}");
    }
}

#[tokio::test]
async fn an_unchanged_feed_may_say_anew_how_long_it_stays_so() {
    let world = world().await;
    let first = Reply::ok(RSS).with("etag", "1");
    let second = first.clone().with("cache-control", "max-age=3600");
    world.serve("a.example/feed", [first, second]);
    let crawler = world.crawler(Config {
        revisit_interval_s: 1,
        min_revisit_interval_s: 1,
        ..world.config()
    });
    let shutdown = CancellationToken::new();
    let control = Control::new("crawler", &shutdown);
    let sources = vec![Source::parse(FEED).unwrap()];
    let running =
        tokio::spawn(async move { crawler.run(sources, Extent::Forever, &control).await });
    while world.store.crawl().listing(FEED).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    world.clock.advance(Duration::from_secs(1));
    while wait_s(&known(&world).await) == 1 {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    running.await.unwrap().unwrap();
    assert_eq!(world.hits_of("a.example/feed")[1].status, 304);
    assert_eq!(wait_s(&known(&world).await), 3_600);
}

#[tokio::test]
async fn a_dead_feed_backs_off_says_so_and_comes_back() {
    let world = world().await;
    let dead = Reply::status(404);
    let back = Reply::ok(RSS);
    world.serve("a.example/feed", [dead.clone(), dead.clone(), dead.clone(), dead, back]);
    for (times, wait) in (1..=4).zip([900, 1_800, 3_600, 7_200]) {
        let (report, control) = restarted(&world, FEED).await;
        assert_eq!(report.source_errors[FEED], "not fetched: not_found");
        let listing = known(&world).await;
        assert_eq!((listing.failures, wait_s(&listing)), (times, wait));
        let told = control.status().details["listings"].clone();
        let start = format!("1 followed, 1 failing; {FEED} {times} times in a row (not fetched");
        assert!(told.starts_with(&start), "{told}");
        let (report, _) = restarted(&world, FEED).await;
        assert_eq!(report.source_errors[FEED], "not fetched: not_found", "still, unasked");
        world.clock.advance(Duration::from_secs(u64::try_from(wait).unwrap()));
    }
    let (report, control) = restarted(&world, FEED).await;
    assert!(report.source_errors.is_empty() && report.submitted == 1, "{report:?}");
    assert_eq!(control.status().details["listings"], "1 followed, 0 failing");
    assert_eq!(known(&world).await.failures, 0);
}

#[tokio::test]
async fn a_look_whose_pages_were_cut_off_is_made_again_by_the_next_start() {
    let mut world = World::with_queue(1).await;
    world.clock = Clock::fixed(1_700_000_000_000);
    world.feed("a.example", &["/1", "/2"]);
    for page in ["/1", "/2"] {
        world.serve(&format!("a.example{page}"), [Reply::article(page)]);
    }
    let crawler = world.crawler(world.config());
    let progress = crawler.progress();
    let shutdown = CancellationToken::new();
    let control = Control::new("crawler", &shutdown);
    let sources = vec![Source::parse(FEED).unwrap()];
    let running = tokio::spawn(async move { crawler.run(sources, Extent::Due, &control).await });
    while (progress.report().fetched, progress.report().submitted) != (2, 1) {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    assert_eq!(running.await.unwrap().unwrap().pending(), 1);
    assert_eq!(world.store.crawl().listing(FEED).await.unwrap(), None);
    world.submitted(1).await;
    let (report, _) = restarted(&world, FEED).await;
    assert_eq!((report.submitted, report.skipped_known), (1, 1), "{report:?}");
}

#[tokio::test]
async fn a_feed_that_no_page_names_is_found_where_feeds_stand_by_custom() {
    let world = world().await;
    world.serve("a.example/", [Reply::ok("<html><body><p>Welcome.</p></body></html>")]);
    world.serve("a.example/rss.xml", [Reply::ok(RSS)]);
    for (seconds, looks) in [(0, 1), (900, 2)] {
        world.clock.advance(Duration::from_secs(seconds));
        let (report, _) = restarted(&world, "http://a.example/").await;
        assert!(report.source_errors.is_empty(), "{report:?}");
        assert_eq!(world.hits_of("a.example/feed/").len(), 1, "tried once and not again");
        // The guess is the first look's, too, as long as its server names no version.
        assert_eq!(world.hits_of("a.example/rss.xml").len(), 1 + looks);
    }
    assert_eq!(world.submitted(1).await.len(), 1);
}

#[tokio::test]
async fn a_sitemap_that_nobody_names_is_found_and_guesses_are_few() {
    let world = world().await;
    let map = "<urlset><url><loc>http://a.example/1</loc></url></urlset>";
    world.serve("a.example/", [Reply::ok("<html><body><p>Welcome.</p></body></html>")]);
    world.serve("a.example/sitemap.xml", [Reply::ok(map)]);
    world.serve("a.example/robots.txt", [Reply::ok("User-agent: *\nDisallow: /rss")]);
    let (report, _) = restarted(&world, "http://a.example/").await;
    assert_eq!((report.submitted, report.source_errors.len()), (1, 0), "{report:?}");
    assert!(world.hits_of("a.example/rss").is_empty(), "robots.txt holds for guesses");

    world.serve("b.example/", [Reply::ok("<html><body><p>Welcome.</p></body></html>")]);
    let (report, _) = restarted(&world, "http://b.example/").await;
    assert!(report.source_errors["http://b.example/"].starts_with("no feed, no sitemap"));
    let asked = world.hits().iter().filter(|hit| hit.url.starts_with("b.example/")).count();
    assert_eq!(asked, 2 + 2 * world.config().max_guesses_per_site);
}
