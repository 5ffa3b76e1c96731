//! No answer of MCP is larger than its budget, whatever is stored.

use courant_article::{Entity, EntityKind, KeyPhrase, Span, SummarySentence};
use serde_json::json;

use super::*;

/// Bytes of a result at most.
const CONCISE: usize = 8_000;
const DETAILED: usize = 32_000;
const ARTICLES: u32 = 24;

/// An article that is a list of names, with every other field as long as it may be.
fn list_of_names(url: &str, names: u32) -> StoredArticle {
    let names: Vec<String> = (0..names).map(|n| format!("Name\u{e9} {n:05}")).collect();
    let mut record = record(url, &"T\"".repeat(1_000), &names.join(" "), [1.0, 0.0, 0.0]);
    let entity = |(number, name): (u32, &String)| Entity {
        text: name.clone(),
        kind: EntityKind::Person,
        span: Span { start: number * 11, end: number * 11 + 10 },
        score: 0.9,
    };
    record.article.authors = (0..400).map(|n| format!("Author {n} {}", "x".repeat(80))).collect();
    record.article.page.tags = (0..32).map(|n| format!("tag {n} {}", "y".repeat(90))).collect();
    record.article.feed.summary = Some("z".repeat(20_000));
    record.analysis.entities = (0..).zip(&names).map(entity).collect();
    record.analysis.key_phrases =
        (0..500).map(|n| KeyPhrase { text: format!("phrase {n}"), score: 0.5 }).collect();
    let sentence =
        |n: u32| SummarySentence { span: Span { start: n, end: n + 1 }, text: "s".repeat(4_000) };
    record.analysis.summary = (0..3).map(sentence).collect();
    record
}

async fn full_house() -> (House, String) {
    let house = House::new().await;
    let article = |n: u32| {
        let url = format!("https://{n}.example/{}", "p".repeat(400));
        // The first has 120 KB.
        list_of_names(&url, if n == 0 { 9_000 } else { 100 + n })
    };
    let records: Vec<StoredArticle> = (0..ARTICLES).map(article).collect();
    house.store.articles().upsert(&records).await.unwrap();
    house.search.catch_up().await.unwrap();
    for number in 0..50 {
        let listing = courant_store::Listing {
            url: format!("https://{number}.example/{}", "f".repeat(1_500)),
            kind: "feed".into(),
            failures: 3,
            problem: Some("p".repeat(3_000)),
            ..Default::default()
        };
        house.store.crawl().record_listing(&[], &listing).await.unwrap();
    }
    (house, records[0].article.id.to_string())
}

#[tokio::test]
async fn every_tool_and_resource_keeps_its_budget() {
    let (house, id) = full_house().await;
    let calls = [
        ("search_articles", json!({"limit": 50})),
        ("search_articles", json!({"query": "nameé", "limit": 50, "mode": "text"})),
        ("list_facets", json!({"limit": 100, "facets": ["name", "site", "source", "topic"]})),
        ("count_articles", json!({"interval": "minute", "by": "site", "limit": 100})),
        ("get_article", json!({"id": id})),
        ("article_revisions", json!({"id": id})),
        ("related_articles", json!({"id": id, "limit": 50})),
        ("explain_decision", json!({"id": id})),
        ("compare_outlets", json!({"query": "nameé", "limit": 20})),
        ("list_sources", json!({"limit": 100})),
        ("list_sources", json!({"limit": 100, "failing": true})),
        ("pipeline_status", json!({})),
    ];
    for (tool, arguments) in calls {
        for (format, most) in [("concise", CONCISE), ("detailed", DETAILED)] {
            let mut arguments = arguments.clone();
            arguments["response_format"] = format.into();
            let result = house.call(tool, arguments.clone()).await;
            let bytes = result.to_string().len();
            assert_eq!(result["isError"], false, "{tool} {arguments}: {result}");
            assert!(bytes <= most, "{tool} {arguments}: {bytes} bytes");
        }
    }
    for uri in ["courant://search", "courant://sources", "courant://status"] {
        let (_, answer) = house.mcp("resources/read", json!({"uri": uri})).await;
        let bytes = answer["result"].to_string().len();
        assert!((100..=DETAILED).contains(&bytes), "{uri}: {bytes} bytes, {answer}");
    }
}

#[tokio::test]
async fn a_page_that_was_cut_goes_on_where_it_ended() {
    let (house, _) = full_house().await;
    for arguments in [json!({"limit": 50}), json!({"query": "nameé", "mode": "text", "limit": 50})]
    {
        let (mut arguments, mut met) = (arguments, Vec::new());
        loop {
            let page = house.told("search_articles", arguments.clone()).await;
            let hits = page["hits"].as_array().unwrap();
            assert!(hits.len() < 20, "{} hits", hits.len());
            met.extend(hits.iter().map(|hit| hit["id"].to_string()));
            let Some(cursor) = page.get("cursor") else { break };
            arguments["cursor"] = cursor.clone();
        }
        assert!(met.len() == 24, "{}", met.len());
        met.sort();
        met.dedup();
        assert_eq!(met.len(), 24);
    }
    let (mut after, mut met) = (String::new(), 0);
    loop {
        let page = house.told("list_sources", json!({"after": after, "limit": 100})).await;
        met += page["sources"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(met, 50);
}

#[tokio::test]
async fn a_long_text_is_read_in_parts() {
    let house = House::new().await;
    let text: String = (0..12_000).map(|n| format!("w\u{f6}rd{n} ")).collect();
    let id = house.has_stored("https://a.example/1", "A", &text, [1.0, 0.0, 0.0]).await.to_string();
    let (mut read, mut from) = (String::new(), 0);
    for _ in 0..50 {
        let arguments = json!({"id": id, "response_format": "detailed", "text_from": from});
        let article = house.told("get_article", arguments).await;
        read.push_str(article["text"].as_str().unwrap());
        from = read.chars().count();
        let Some(note) = article["left_out"]["text"].as_str() else { break };
        assert!(note.ends_with(&format!("text_from={from}")), "{note}");
    }
    assert_eq!(read, text);
}

#[tokio::test]
async fn counts_of_what_was_left_out_are_exact() {
    let (house, id) = full_house().await;
    let article = house.told("get_article", json!({"id": id, "response_format": "detailed"})).await;
    let names = article["names"].as_array().unwrap().len();
    assert_eq!(article["left_out"]["names"], format!("{names} of 9000 shown"), "{article}");
    let concise = house.told("get_article", json!({"id": id})).await;
    let authors = concise["authors"].as_array().unwrap().len();
    assert_eq!(concise["left_out"]["authors"], format!("{authors} of 400 shown"));
}
