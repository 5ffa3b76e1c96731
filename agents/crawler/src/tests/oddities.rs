//! Tests with answers that break a rule. The crawler understands them as browsers do.

use std::collections::BTreeMap;

use courant_newsstand::{Fault, Newsstand, Oddity, Site, SitePage};

use super::world::{Reply, World, article_html};

const HOST: &str = "a.example";

/// Starts a site with one article.
async fn stand() -> Newsstand {
    let at = "2026-01-05T08:00:00Z".parse().unwrap();
    let html = article_html("Grüningen", "");
    let pages = vec![SitePage::html("/1", "Bridge of Grüningen", html, at)];
    let site = Site { pages, ..Site::new(HOST, HOST) };
    Newsstand::start(vec![site], "127.0.0.1:0".parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn an_article_behind_an_odd_answer_is_read() {
    for oddity in [
        Oddity::CookieWall,
        Oddity::RawLocation,
        Oddity::MetaRefresh,
        Oddity::RefreshHeader,
        Oddity::PlainCalledGzip,
        Oddity::GzipTwice,
        Oddity::RawDeflate,
        Oddity::LongLength,
        Oddity::Latin1Label,
    ] {
        let (world, newsstand) = (World::new().await, stand().await);
        newsstand.set_fault(HOST, "/1", Fault::Odd(oddity));
        let config = world.config_at(newsstand.addr());
        let report = world.crawl_with(config, &["http://a.example/feed.xml"]).await;
        assert_eq!(report.submitted, 1, "{oddity:?}: {report:?}");
        let entry = world.submitted(1).await.remove(0);
        assert!(entry.text.contains("The council of Grüningen"), "{oddity:?}: {}", entry.text);
    }
}

#[tokio::test]
async fn a_feed_behind_an_odd_answer_is_read() {
    for oddity in [
        Oddity::CookieWall,
        Oddity::RawLocation,
        Oddity::PlainCalledGzip,
        Oddity::GzipTwice,
        Oddity::RawDeflate,
        Oddity::LongLength,
    ] {
        let (world, newsstand) = (World::new().await, stand().await);
        newsstand.set_fault(HOST, "/feed.xml", Fault::Odd(oddity));
        let config = world.config_at(newsstand.addr());
        let report = world.crawl_with(config, &["http://a.example/feed.xml"]).await;
        assert_eq!(report.submitted, 1, "{oddity:?}: {report:?}");
    }
}

#[tokio::test]
async fn a_page_that_sends_on_for_ever_is_given_up_and_robots_count_at_each_step() {
    let world = World::new().await;
    let stub = |to: &str| format!("<meta http-equiv=refresh content='0; url={to}'>");
    let reply = |to: &str| Reply::ok(stub(to)).with("content-type", "text/html");
    world.serve("a.example/1", [reply("/2")]);
    world.serve("a.example/2", [reply("/1")]);
    world.serve("a.example/3", [reply("/private/3")]);
    world.serve("a.example/4", [reply("http://127.0.0.1:1/")]);
    world.serve("a.example/5", [reply("javascript:alert(1)")]);
    let robots = Reply::ok("User-agent: *\nDisallow: /private\n");
    world.serve("a.example/robots.txt", [robots]);
    let list: String = (1..=5).map(|n| format!("http://a.example/{n}\n")).collect();
    let list = world.file("list.txt", list);
    let mut config = world.config();
    let here = config.resolve.remove("*").unwrap();
    config.resolve.insert("a.example".to_owned(), here);
    let report = world.crawl_with(config, &[list.to_str().unwrap()]).await;
    let expected = [
        ("invalid_url", 1),
        ("private_address", 1),
        ("robots_disallow", 1),
        ("too_many_redirects", 2),
    ];
    assert_eq!(report.refused, BTreeMap::from(expected), "{report:?}");
}

#[tokio::test]
async fn cookies_are_forgotten_after_the_fetch() {
    let (world, newsstand) = (World::new().await, stand().await);
    newsstand.set_fault(HOST, "/1", Fault::Odd(Oddity::CookieWall));
    let config = world.config_at(newsstand.addr());
    for _ in 0..2 {
        world.crawl_with(config.clone(), &["http://a.example/feed.xml"]).await;
    }
    let statuses: Vec<_> =
        newsstand.log().iter().filter(|hit| hit.path == "/1").map(|hit| hit.status).collect();
    assert_eq!(statuses, [302, 200, 302, 304], "the second fetch starts without a cookie");
}

#[tokio::test]
async fn a_feed_that_is_gone_is_never_asked_for_again() {
    let (world, newsstand) = (World::new().await, stand().await);
    let config = world.config_at(newsstand.addr());
    newsstand.set_fault(HOST, "/feed.xml", Fault::Gone);
    for _ in 0..3 {
        let report = world.crawl_with(config.clone(), &["http://a.example/feed.xml"]).await;
        let problem = &report.source_errors["http://a.example/feed.xml"];
        assert!(problem.starts_with("gone for good (410)"), "{problem}");
    }
    let asked = newsstand.log().iter().filter(|hit| hit.path == "/feed.xml").count();
    assert_eq!(asked, 1);
    let url = "http://a.example/feed.xml";
    let listing = world.store.crawl().listing(url).await.unwrap().unwrap();
    assert!(listing.has_ended());
}

#[tokio::test]
async fn a_feed_whose_place_a_page_takes_fails_and_stays_a_feed() {
    let (world, newsstand) = (World::new().await, stand().await);
    let config = world.config_at(newsstand.addr());
    let url = "http://a.example/feed.xml";
    assert_eq!(world.crawl_with(config.clone(), &[url]).await.submitted, 1);
    newsstand.set_fault(HOST, "/feed.xml", Fault::Odd(Oddity::BotCheck));
    let report = world.crawl_with(config.clone(), &[url]).await;
    let problem = &report.source_errors[url];
    assert!(problem.starts_with("blocked by a bot check: ask the publisher"), "{problem}");
    assert_eq!(report.found, 0, "links on the page are no articles: {report:?}");
    let home = article_html("Ayton", "<a href=/2024/05/06/why-this-page-is-here.html>Why</a>");
    let at = "2026-01-05T08:00:00Z".parse().unwrap();
    newsstand.clear_faults();
    newsstand.replace_page(HOST, SitePage::html("/feed.xml", "A page", home, at)).unwrap();
    let report = world.crawl_with(config, &[url]).await;
    let problem = &report.source_errors[url];
    assert!(problem.starts_with("a web page stands in the place of the feed"), "{problem}");
    let listing = world.store.crawl().listing(url).await.unwrap().unwrap();
    assert_eq!((listing.kind.as_str(), listing.failures), ("feed", 2));
}

#[tokio::test]
async fn a_page_behind_a_check_or_a_login_says_so() {
    let world = World::new().await;
    let check = Reply::status(403).with("cf-mitigated", "challenge");
    world.serve("a.example/1", [check]);
    world.serve("b.example/1", [Reply::ok("<title>Just a moment...</title>")]);
    world.serve("c.example/1", [Reply::ok("<input type=password>")]);
    world.serve("d.example/1", [Reply::status(401)]);
    let list: String =
        ["a", "b", "c", "d"].map(|host| format!("http://{host}.example/1\n")).concat();
    let list = world.file("list.txt", list);
    let report = world.crawl(&[list.to_str().unwrap()]).await;
    assert_eq!(report.refused, BTreeMap::from([("bot_check", 2), ("login", 2)]), "{report:?}");
    assert_eq!(world.hits_of("a.example/1").len(), 1, "nothing is tried again");
}

#[tokio::test]
async fn a_feed_that_has_moved_for_good_is_asked_at_its_new_address_after_the_second_time() {
    let world = World::new().await;
    let url = "http://old.example/feed";
    let moves = |status| Reply::status(status);
    let to = "http://new.example/feed";
    world.serve("old.example/feed", [301, 308].map(|status| moves(status).with("location", to)));
    world.feed("new.example", &["/1"]);
    world.serve("new.example/1", [Reply::article("Ayton")]);
    for _ in 0..4 {
        let report = world.crawl(&[url]).await;
        assert!(report.source_errors.is_empty(), "{report:?}");
    }
    assert_eq!(world.hits_of("old.example/feed").len(), 2);
    assert_eq!(world.hits_of("new.example/feed").len(), 4);
    // The old address is requested again after the new one has failed.
    world.serve("new.example/feed", [Reply::status(404)]);
    world.crawl(&[url]).await;
    world.crawl(&[url]).await;
    assert_eq!(world.hits_of("old.example/feed").len(), 3);
}

#[tokio::test]
async fn a_feed_that_has_moved_for_now_keeps_its_address() {
    let world = World::new().await;
    world.serve("old.example/feed", [Reply::redirect("http://new.example/feed")]);
    world.feed("new.example", &["/1"]);
    for _ in 0..3 {
        world.crawl(&["http://old.example/feed"]).await;
    }
    assert_eq!(world.hits_of("old.example/feed").len(), 3);
}
