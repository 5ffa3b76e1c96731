//! Tests of the crawler's reactions to the answers of servers.

use std::collections::BTreeMap;
use std::time::Duration;

use courant_bus::Subject;
use courant_proto::v1::{KnownReply, KnownRequest};

use super::world::{Hit, Reply, World, article_html};
use crate::Config;

#[tokio::test]
async fn every_fault_ends_in_a_reason_and_costs_nobody_else() {
    let world = World::new().await;
    let faults = [
        ("gone", Reply::status(404)),
        ("forbidden", Reply::status(403)),
        ("broken", Reply::status(500)),
        ("busy", Reply::status(429).with("retry-after", "0")),
        ("late", Reply::status(503).with("retry-after", "86400")),
        ("loop", Reply::redirect("/1")),
        ("inside", Reply::redirect("http://10.0.0.1/secret")),
        ("cut", Reply::article("Ayton").truncated()),
        ("endless", Reply::article("Ayton").endless()),
        ("image", Reply::ok("\u{1}\u{2}").with("content-type", "image/png")),
        ("hidden", Reply::article("Beeford").with("x-robots-tag", "noindex")),
        ("listing", Reply::ok("<html><body><p>Nothing much.</p></body></html>")),
    ];
    let mut list = String::new();
    for (host, reply) in faults {
        world.serve(&format!("{host}.example/1"), [reply]);
        list.push_str(&format!("http://{host}.example/1\n"));
    }
    world.serve("fine.example/1", [Reply::article("Corby")]);
    list.push_str("http://fine.example/1\n");
    let list = world.file("list.txt", list);
    let mut config = Config { max_body_bytes: 100_000, ..world.config() };
    let here = config.resolve.remove("*").unwrap();
    for line in std::fs::read_to_string(&list).unwrap().lines() {
        let host = line.trim_start_matches("http://").trim_end_matches("/1");
        config.resolve.insert(host.to_owned(), here.clone());
    }
    let report = world.crawl_with(config, &[list.to_str().unwrap()]).await;
    assert_eq!((report.found, report.submitted), (13, 1), "{report:?}");
    let refused = [
        "forbidden",
        "noindex",
        "not_article",
        "not_found",
        "not_html",
        "private_address",
        "too_large",
        "too_many_redirects",
    ];
    assert_eq!(report.refused, refused.into_iter().map(|reason| (reason, 1)).collect());
    let failed = ["broken_body", "left_alone", "rate_limited", "server_error"];
    assert_eq!(report.failed, failed.into_iter().map(|reason| (reason, 1)).collect());
    assert_eq!(world.hits_of("broken.example/1").len(), 3, "tried as often as configured");
    assert_eq!(world.hits_of("late.example/1").len(), 1, "not asked before the time it named");
}

#[tokio::test]
async fn a_server_that_recovers_is_asked_again_when_it_said() {
    let world = World::new().await;
    let busy = Reply::status(429).with("retry-after", "1");
    world.serve("a.example/1", [busy, Reply::status(500), Reply::article("Ayton")]);
    let list = world.file("list.txt", "http://a.example/1\n");
    let report = world.crawl(&[list.to_str().unwrap()]).await;
    assert_eq!(report.submitted, 1, "{report:?}");
    let hits = world.hits_of("a.example/1");
    assert_eq!(hits.iter().map(|hit| hit.status).collect::<Vec<_>>(), [429, 500, 200]);
    assert!(shortest_gap(&hits) >= Duration::from_secs(1), "{hits:?}");
}

#[tokio::test]
async fn no_two_requests_to_a_registered_domain_are_closer_than_its_crawl_delay() {
    let world = World::new().await;
    let robots = Reply::ok("User-agent: *\nCrawl-delay: 0.3\nDisallow: /private\n");
    for host in ["a.example", "www.a.example"] {
        world.serve(&format!("{host}/robots.txt"), [robots.clone()]);
        world.serve(&format!("{host}/1"), [Reply::article(host)]);
    }
    world.serve("www.a.example/4", [Reply::article("four")]);
    world.serve("a.example/2", [Reply::redirect("http://www.a.example/1")]);
    let list = "http://a.example/1\nhttp://www.a.example/4\nhttp://a.example/2\n\
                http://a.example/private/3\n";
    let list = world.file("list.txt", list);
    let report = world.crawl(&[list.to_str().unwrap()]).await;
    assert_eq!(report.refused, BTreeMap::from([("robots_disallow", 1)]), "{report:?}");
    assert!(world.hits_of("a.example/private/3").is_empty());
    let hits = world.hits();
    assert_eq!(hits.len(), 6, "{hits:?}");
    // No delay is known before the first robots.txt.
    assert!(shortest_gap(&hits[1..]) >= Duration::from_millis(300), "{hits:?}");
}

fn shortest_gap(hits: &[Hit]) -> Duration {
    hits.windows(2).map(|pair| pair[1].at - pair[0].at).min().unwrap()
}

#[tokio::test]
async fn robots_that_cannot_be_had_forbid_and_absent_ones_allow() {
    let world = World::new().await;
    world.serve("down.example/robots.txt", [Reply::status(500)]);
    world.serve("slow.example/robots.txt", [Reply::ok("User-agent: *\nCrawl-delay: 5000")]);
    world.serve("moved.example/robots.txt", [Reply::redirect("http://other.example/r")]);
    world.serve("other.example/r", [Reply::ok("User-agent: courant\nDisallow: /")]);
    let mut list = String::new();
    for host in ["down", "slow", "moved", "absent"] {
        world.serve(&format!("{host}.example/1"), [Reply::article(host)]);
        list.push_str(&format!("http://{host}.example/1\n"));
    }
    let list = world.file("list.txt", list);
    let report = world.crawl(&[list.to_str().unwrap()]).await;
    assert_eq!(report.submitted, 1, "{report:?}");
    let refused = [("crawl_delay_too_long", 1), ("robots_disallow", 1)];
    assert_eq!(report.refused, BTreeMap::from(refused));
    assert_eq!(report.failed, BTreeMap::from([("robots_unreachable", 1)]));
    assert_eq!(world.submitted(1).await[0].url, "http://absent.example/1");
}

#[tokio::test]
async fn a_site_is_read_by_its_feeds_and_sitemaps() {
    let world = World::new().await;
    let home = "<html><head><link rel=alternate type=application/rss+xml href=/feed></head></html>";
    world.serve("a.example/", [Reply::ok(home)]);
    world.serve("a.example/robots.txt", [Reply::ok("Sitemap: http://a.example/index.xml")]);
    let index = "<sitemapindex><sitemap><loc>http://a.example/map.xml</loc></sitemap>\
                 <sitemap><loc>http://a.example/index.xml</loc></sitemap></sitemapindex>";
    world.serve("a.example/index.xml", [Reply::ok(index)]);
    let map = "<urlset><url><loc>http://a.example/2</loc></url>\
               <url><loc>http://a.example/1</loc></url></urlset>";
    world.serve("a.example/map.xml", [Reply::ok(map)]);
    world.feed("a.example", &["/1"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.serve("a.example/2", [Reply::article("Beeford")]);
    let report = world.crawl(&["http://a.example/"]).await;
    assert_eq!((report.found, report.submitted), (2, 2), "{report:?}");
    assert_eq!(world.hits_of("a.example/index.xml").len(), 1);
}

#[tokio::test]
async fn the_story_is_read_and_its_print_view_never_instead() {
    for paths in [["/print/7", "/story"], ["/story", "/print/7"], ["/print/7", "/print/7"]] {
        let world = World::new().await;
        world.feed("a.example", &paths);
        let canonical = "<link rel=canonical href=http://a.example/story>";
        world.serve("a.example/print/7", [Reply::ok(article_html("Ayton", canonical))]);
        world.serve("a.example/story", [Reply::article("Ayton")]);
        let report = world.crawl(&["http://a.example/feed"]).await;
        assert_eq!(report.submitted, 1, "{report:?}");
        assert_eq!(world.hits_of("a.example/story").len(), 1, "{paths:?}");
        assert_eq!(world.hits().last().unwrap().url.ends_with("/story"), paths[1] == paths[0]);
    }
}

#[tokio::test]
async fn a_print_view_that_names_no_story_is_fetched_behind_the_others() {
    let world = World::new().await;
    world.feed("a.example", &["/print/7", "/story", "/other"]);
    for (path, name) in [("/print/7", "Ayton"), ("/story", "Ayton"), ("/other", "Beeford")] {
        world.serve(&format!("a.example{path}"), [Reply::article(name)]);
    }
    world.crawl(&["http://a.example/feed"]).await;
    assert_eq!(world.hits().last().unwrap().url, "a.example/print/7");
}

#[tokio::test]
async fn a_site_without_either_is_read_by_its_links_and_one_without_links_is_no_source() {
    let world = World::new().await;
    let path = "/2024/03/05/the-council-decides-on-the-bridge";
    let home = format!(
        "<html><body><a href='{path}'>The council decides on the bridge</a>\
         <a href='http://b.example{path}'>Elsewhere</a></body></html>"
    );
    world.serve("a.example/", [Reply::ok(home)]);
    world.serve(&format!("a.example{path}"), [Reply::article("Ayton")]);
    world.serve("empty.example/", [Reply::ok("<html><body><p>Hello</p></body></html>")]);
    world.serve("binary.example/", [Reply::ok("\u{1}").with("content-type", "image/png")]);
    let sites = ["http://a.example/", "http://empty.example/", "http://binary.example/"];
    let report = world.crawl(&sites).await;
    assert_eq!((report.found, report.submitted), (1, 1), "{report:?}");
    let problem = |site: &str| report.source_errors[site].as_str();
    assert_eq!(report.source_errors.len(), 2);
    assert!(problem(sites[1]).starts_with("no feed, no sitemap"), "{}", problem(sites[1]));
    assert!(problem(sites[2]).starts_with("no feed, sitemap"), "{}", problem(sites[2]));
}

#[tokio::test]
async fn a_page_that_somebody_else_sent_is_known_once_and_checked_from_then_on() {
    let world = World::new().await;
    let mut requests = world.bus.serve::<KnownRequest>(Subject::REQUEST_KNOWN).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let known = request.message.urls.iter().map(|url| url.ends_with("/1")).collect();
            request.reply(&KnownReply { known, ..Default::default() }).await.unwrap();
        }
    });
    world.feed("a.example", &["/1", "/2"]);
    world.serve("a.example/1", [Reply::article("Ayton")]);
    world.serve("a.example/2", [Reply::article("Beeford")]);
    let first = world.crawl(&["http://a.example/feed"]).await;
    assert_eq!((first.skipped_known, first.submitted), (1, 1), "{first:?}");
    assert!(world.hits_of("a.example/1").is_empty());
    let second = world.crawl(&["http://a.example/feed"]).await;
    assert_eq!((second.submitted, second.not_modified), (1, 1), "{second:?}");
}

#[tokio::test]
async fn limits_bound_what_one_source_may_bring() {
    let world = World::new().await;
    let entry = |n: u32| {
        format!("<url><loc>http://a.example/{n}</loc><lastmod>2024-03-0{n}</lastmod></url>")
    };
    let map: String = (1..=5).map(entry).collect();
    world.serve("a.example/map.xml", [Reply::ok(format!("<urlset>{map}</urlset>"))]);
    for n in 1..=5 {
        world.serve(&format!("a.example/{n}"), [Reply::ok(article_html(&n.to_string(), ""))]);
    }
    let config = Config { max_pages_per_source: 2, ..world.config() };
    let report = world.crawl_with(config, &["http://a.example/map.xml"]).await;
    assert_eq!((report.found, report.submitted), (5, 2), "{report:?}");
    assert_eq!(report.refused, BTreeMap::from([("source_limit", 3)]));
    let urls: Vec<_> = world.submitted(2).await.into_iter().map(|entry| entry.url).collect();
    assert_eq!(urls, ["http://a.example/4", "http://a.example/5"], "the newest");
}
