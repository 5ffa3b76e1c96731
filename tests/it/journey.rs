//! Every page's way: embedded, and on NATS, Postgres and Redis.

use std::collections::BTreeMap;

use courant::figures::Figures;
use courant_store::ArticleSummary;
use courant_tests::{EmbeddedPipeline, Publishers, Stack, http};
use serde_json::Value;

/// Maps the URL of each article to the hash of its text. Two stores are the same if these maps
/// are equal.
fn articles(stored: &[ArticleSummary]) -> BTreeMap<String, String> {
    stored.iter().map(|s| (s.url.to_string(), s.content_hash.to_string())).collect()
}

fn number(report: &Value, key: &str) -> u64 {
    report[key].as_u64().unwrap_or_else(|| panic!("{key} in {report}"))
}

fn sum(report: &Value, key: &str) -> u64 {
    report[key].as_object().into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum()
}

/// Every page found is submitted, or left out with a reason.
fn assert_accounted_for(report: &Value) {
    let settled = number(report, "submitted")
        + report["not_modified"].as_u64().unwrap_or(0)
        + report["known"].as_u64().or(report["skipped_known"].as_u64()).unwrap_or(0)
        + sum(report, "refused")
        + sum(report, "failed");
    assert_eq!(number(report, "found"), settled, "{report:#}");
    assert_eq!(sum(report, "failed"), 0, "{report:#}");
}

fn print_stages(name: &str, articles: u64, seconds: f64, stages: &[(&str, f64)]) {
    println!(
        "{name}: {articles} articles in {seconds:.1} s, {:.2} articles/s",
        articles as f64 / seconds
    );
    for (stage, ms) in stages {
        println!("  {stage:<10} {ms:>9.2} ms on average");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_store_the_same_articles_and_a_second_crawl_stores_nothing() {
    let publishers = Publishers::open().await.unwrap();

    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let first = embedded.round().await.unwrap();
    assert_accounted_for(&first);
    assert!(number(&first, "found") as usize >= publishers.pages, "{first:#}");
    let here = embedded.stored().await.unwrap();
    assert_eq!(
        number(&first, "submitted"),
        number(&first, "new")
            + number(&first, "syndicated")
            + number(&first, "revisions")
            + number(&first, "duplicates")
            + number(&first, "refused_by_gateway"),
        "every entry is decided: {first:#}"
    );
    assert_eq!(here.len() as u64, number(&first, "new") + number(&first, "syndicated"));
    assert_eq!(number(&first, "dead_letters"), 0, "{first:#}");
    let stages = first["stages"].as_array().unwrap();
    let stages: Vec<_> = stages
        .iter()
        .map(|s| (s["name"].as_str().unwrap(), s["mean_ms"].as_f64().unwrap()))
        .collect();
    print_stages("embedded", here.len() as u64, first["seconds"].as_f64().unwrap(), &stages);

    let bodies = publishers.stand.log().iter().filter(|request| request.status == 200).count();
    let second = embedded.round().await.unwrap();
    assert_accounted_for(&second);
    assert_eq!(number(&second, "submitted"), 0, "{second:#}");
    let log = publishers.stand.log();
    let pages: Vec<_> =
        log[bodies..].iter().filter(|r| r.status == 200 && is_article(&r.path)).collect();
    assert!(pages.is_empty(), "the second crawl fetched {pages:?}");
    assert_eq!(articles(&embedded.stored().await.unwrap()), articles(&here));

    let stack = Stack::start(&publishers).await.unwrap();
    let started = std::time::Instant::now();
    let report = stack.round().await.unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert_accounted_for(&report);
    let there = stack.stored().await.unwrap();
    assert_eq!(articles(&there), articles(&here), "both ways store the same");
    let mut text = String::new();
    for (_, port) in stack.http_ports() {
        let url = format!("http://127.0.0.1:{port}/metrics");
        text += &http().get(url).send().await.unwrap().text().await.unwrap();
    }
    let figures = Figures::parse(&text);
    let stages: Vec<_> = [
        ("gateway", "decide"),
        ("embedder", "embed"),
        ("analyst", "analyze"),
        ("storage", "store"),
    ]
    .map(|(agent, stage)| {
        let labels = [("agent", agent), ("stage", stage)];
        (stage, figures.mean("courant_stage_duration_seconds", &labels).0 * 1_000.0)
    })
    .to_vec();
    print_stages("on NATS, Postgres and Redis", there.len() as u64, seconds, &stages);

    let again = stack.round().await.unwrap();
    assert_accounted_for(&again);
    assert_eq!(number(&again, "submitted"), 0, "{again:#}");
    assert_eq!(articles(&stack.stored().await.unwrap()), articles(&here));
}

/// Not a robots.txt, a feed, a sitemap or a home page.
fn is_article(path: &str) -> bool {
    !["/", "/robots.txt", "/feed.xml", "/news-sitemap.xml"].contains(&path)
}
