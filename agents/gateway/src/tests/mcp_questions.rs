//! Twelve questions of an editor, answered through MCP alone: each in at most three calls, each
//! answer within the concise budget, each checked against the archive.

use std::cell::Cell;

use courant_article::{Entity, EntityKind, Sentiment, SentimentLabel, Span};
use serde_json::json;

use super::*;

const OUTLETS: [&str; 4] = ["north.example", "south.example", "east.example", "west.example"];
const DAYS: i64 = 60;
const CONCISE: usize = 8_000;

/// A subject: its words, and the person and the body that stand for it.
const SUBJECTS: [(&str, &str, &str); 5] = [
    ("harbour bridge", "Ada Lind", "Harbour Board"),
    ("orchard strike", "Omar Reyes", "Pickers Union"),
    ("tram line", "Ines Holm", "City Transit"),
    ("museum theft", "Paul Okoro", "National Museum"),
    ("salt mine", "Mei Tanaka", "Deep Salt"),
];
const BRIDGE_SUBJECT: usize = 0;
const STRIKE: usize = 1;
const TRAM: usize = 2;
const THEFT: usize = 3;

/// An article as the archive was made.
#[derive(Clone)]
struct Fact {
    id: String,
    url: String,
    title: String,
    outlet: &'static str,
    subject: usize,
    day: jiff::civil::Date,
    sentiment: SentimentLabel,
}

fn first_day() -> jiff::civil::Date {
    // The last day is that of the clock.
    jiff::civil::date(2023, 9, 16)
}

fn subject_of(number: i64) -> usize {
    let subject = usize::try_from((number * 7 + number / 11) % 5).unwrap();
    let is_west = number % 4 == 3;
    if is_west && subject == THEFT { TRAM } else { subject }
}

fn article(number: i64) -> (StoredArticle, Fact) {
    let outlet = OUTLETS[usize::try_from(number % 4).unwrap()];
    let subject = subject_of(number);
    let (words, person, body) = SUBJECTS[subject];
    let url = format!("https://{outlet}/news/{number}");
    let title = format!("{words}: report {number}");
    let text = format!(
        "Report {number} on the {words}. {person} of the {body} spoke in the morning. \
         Readers of {outlet} learned detail {number} about the {words} before others did."
    );
    let mut record = record(&url, &title, &text, [1.0, 0.0, 0.0]);
    let day = first_day() + jiff::Span::new().days(number * DAYS / 120);
    record.article.published_at = Some(format!("{day}T12:00:00Z").parse().unwrap());
    let name = |text: &str, kind| Entity {
        text: text.into(),
        kind,
        span: Span { start: 0, end: 1 },
        score: 0.9,
    };
    record.analysis.entities =
        vec![name(person, EntityKind::Person), name(body, EntityKind::Organization)];
    let sentiment = SentimentLabel::ALL[usize::try_from(number % 3).unwrap()];
    let mut probabilities = [0.1; 3];
    probabilities[usize::try_from(number % 3).unwrap()] = 0.8;
    record.analysis.sentiment = Some(Sentiment::of(probabilities));
    let id = record.article.id.to_string();
    let url = record.article.url.clone();
    (record, Fact { id, url, title, outlet, subject, day, sentiment })
}

/// An editor with an archive, who counts the calls of each question.
struct Desk {
    house: House,
    facts: Vec<Fact>,
    calls: Cell<usize>,
}

impl Desk {
    async fn new() -> Self {
        let house = House::new().await;
        let (records, facts): (Vec<_>, Vec<_>) = (0..120).map(article).unzip();
        house.store.articles().upsert(&records).await.unwrap();
        house.search.catch_up().await.unwrap();
        Self { house, facts, calls: Cell::new(0) }
    }

    async fn ask(&self, tool: &str, arguments: Value) -> Value {
        self.calls.set(self.calls.get() + 1);
        assert!(self.calls.get() <= 3, "a fourth call: {tool} {arguments}");
        let result = self.house.call(tool, arguments.clone()).await;
        let bytes = result.to_string().len();
        assert!(bytes <= CONCISE, "{tool} {arguments}: {bytes} bytes");
        assert_eq!(result["isError"], false, "{tool} {arguments}: {result}");
        serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap()
    }

    fn on(&self, subject: usize) -> Vec<&Fact> {
        self.facts.iter().filter(|fact| fact.subject == subject).collect()
    }
}

fn titles(answer: &Value) -> Vec<&str> {
    let hits = answer["hits"].as_array().unwrap();
    hits.iter().map(|hit| hit["title"].as_str().unwrap()).collect()
}

fn sorted(mut titles: Vec<&str>) -> Vec<&str> {
    titles.sort_unstable();
    titles
}

#[tokio::test]
async fn the_archive_is_as_the_questions_want_it() {
    let facts: Vec<Fact> = (0..120).map(|number| article(number).1).collect();
    assert_eq!(facts.last().unwrap().day, jiff::civil::date(2023, 11, 14));
    for outlet in OUTLETS {
        assert_eq!(facts.iter().filter(|fact| fact.outlet == outlet).count(), 30);
    }
    let has =
        |outlet, subject| facts.iter().any(|fact| fact.outlet == outlet && fact.subject == subject);
    assert!(!has("west.example", THEFT));
    assert!(OUTLETS[..3].iter().all(|outlet| has(outlet, THEFT)));
}

#[tokio::test]
async fn what_happened_with_the_bridge_last_week() {
    let desk = Desk::new().await;
    let arguments = json!({"query": "harbour bridge", "filters": {"date": "P7D"},
        "sort": "newest"});
    let answer = desk.ask("search_articles", arguments).await;
    let week = jiff::civil::date(2023, 11, 8);
    let facts = desk.on(BRIDGE_SUBJECT);
    let expected: Vec<&str> =
        facts.iter().filter(|fact| fact.day >= week).map(|fact| fact.title.as_str()).collect();
    assert!(expected.len() >= 2, "{expected:?}");
    assert_eq!(sorted(titles(&answer)), sorted(expected));
    let article = desk.ask("get_article", json!({"id": answer["hits"][0]["id"]})).await;
    assert_eq!(article["names"][0]["name"], "Ada Lind", "{article}");
}

#[tokio::test]
async fn what_is_new_today() {
    let desk = Desk::new().await;
    let answer = desk.ask("search_articles", json!({"filters": {"date": "today"}})).await;
    let today: Vec<&str> = desk.facts[118..].iter().map(|fact| fact.title.as_str()).collect();
    assert_eq!(sorted(titles(&answer)), sorted(today));
    assert_eq!((&answer["total"], &answer["sort"]), (&json!(2), &json!("newest")));
}

#[tokio::test]
async fn who_reported_the_theft_first() {
    let desk = Desk::new().await;
    let arguments = json!({"query": "museum theft", "sort": "oldest", "limit": 1});
    let answer = desk.ask("search_articles", arguments).await;
    let first = desk.on(THEFT)[0];
    assert_eq!(answer["hits"][0]["id"], first.id, "{answer}");
    assert!(answer["hits"][0]["url"].as_str().unwrap().contains(first.outlet));
    assert_eq!(answer["hits"][0]["published_at"], format!("{}T12:00:00Z", first.day));
}

#[tokio::test]
async fn compare_the_bridge_in_two_outlets() {
    let desk = Desk::new().await;
    let sites = json!(["north.example", "south.example"]);
    let arguments = json!({"query": "harbour bridge", "sites": sites});
    let answer = desk.ask("compare_outlets", arguments).await;
    assert_eq!(answer["outlets"].as_array().unwrap().len(), 2, "{answer}");
    for outlet in answer["outlets"].as_array().unwrap() {
        let facts: Vec<&Fact> = desk
            .on(BRIDGE_SUBJECT)
            .into_iter()
            .filter(|fact| outlet["site"] == fact.outlet)
            .collect();
        assert_eq!(outlet["articles"], facts.len());
        assert_eq!(outlet["articles_in_all"], 30);
        assert_eq!(outlet["first"]["id"], facts[0].id);
        assert_eq!(outlet["headlines"][0]["title"], facts.last().unwrap().title);
        for label in SentimentLabel::ALL {
            let expected = facts.iter().filter(|fact| fact.sentiment == label).count();
            let name = serde_json::to_value(label).unwrap();
            let counted = outlet["sentiment"][name.as_str().unwrap()].as_u64().unwrap_or(0);
            assert_eq!(usize::try_from(counted).unwrap(), expected, "{name} {outlet}");
        }
    }
}

#[tokio::test]
async fn which_names_go_with_the_strike() {
    let desk = Desk::new().await;
    let arguments = json!({"query": "orchard strike", "facets": ["name"]});
    let answer = desk.ask("list_facets", arguments).await;
    let names = answer["facets"]["name"]["values"].as_array().unwrap();
    let count = desk.on(STRIKE).len();
    let found: Vec<_> = names.iter().map(|name| name["value"].as_str().unwrap()).collect();
    assert_eq!(sorted(found), ["org:Pickers Union", "person:Omar Reyes"]);
    assert!(names.iter().all(|name| name["count"] == count), "{answer}");
}

#[tokio::test]
async fn how_the_number_of_articles_on_the_tram_moved() {
    let desk = Desk::new().await;
    let answer =
        desk.ask("count_articles", json!({"query": "tram line", "interval": "month"})).await;
    let facts = desk.on(TRAM);
    assert_eq!(answer["total"], facts.len());
    let series: Vec<(String, usize)> = [9, 10, 11]
        .into_iter()
        .map(|month| {
            let count = facts.iter().filter(|fact| fact.day.month() == month).count();
            (format!("2023-{month:02}-01"), count)
        })
        .collect();
    let series: Vec<Value> =
        series.iter().map(|(start, count)| json!({"start": start, "count": count})).collect();
    assert_eq!(answer["series"], json!(series));
}

#[tokio::test]
async fn why_an_article_was_called_a_duplicate() {
    let mut desk = Desk::new().await;
    desk.house = desk.house.open();
    let original = desk.facts[40].clone();
    let text = article(40).0.article.text.as_str().to_owned();
    let url = format!("https://{}/amp/40", original.outlet);
    let sent = json!({"url": url, "title": "Again", "text": text});
    assert_eq!(desk.ask("submit_article", sent).await["decision"], "duplicate");
    desk.calls.set(0);
    let answer = desk.ask("explain_decision", json!({"url": url})).await;
    assert_eq!((&answer["decision"], &answer["stored"]), (&json!("duplicate"), &json!(false)));
    assert_eq!(answer["original"]["id"], original.id, "{answer}");
    assert_eq!(answer["original"]["url"], original.url);
    assert!(answer["reasons"][0].as_str().unwrap().contains("very same text"), "{answer}");
    desk.house.close().await;
}

#[tokio::test]
async fn what_an_article_said_before_it_was_revised() {
    let desk = Desk::new().await;
    let (mut revised, fact) = article(77);
    let before = revised.article.text.as_str().to_owned();
    let after = before.replace("spoke in the morning", "denied it in the evening");
    revised.article.text = Text::new(after.clone());
    revised.article.content_hash = content_hash(&after);
    revised.article.revision = Revision(NOW_MS + 1);
    desk.house.store.articles().upsert(&[revised]).await.unwrap();
    desk.house.search.catch_up().await.unwrap();
    let answer = desk.ask("article_revisions", json!({"url": fact.url})).await;
    let change = &answer["revisions"][0]["change"];
    assert!(change["removed"][0].as_str().unwrap().contains("spoke in the morning"), "{answer}");
    assert!(change["added"][0].as_str().unwrap().contains("denied it"), "{answer}");
    let as_of = &answer["revisions"][1]["observed_at"];
    let arguments = json!({"id": fact.id, "as_of": as_of, "response_format": "detailed"});
    assert_eq!(desk.ask("get_article", arguments).await["text"], before);
}

#[tokio::test]
async fn which_outlets_have_not_covered_the_theft() {
    let desk = Desk::new().await;
    let answer = desk.ask("compare_outlets", json!({"query": "museum theft"})).await;
    let silent = json!([{"site": "west.example", "articles_in_all": 30}]);
    assert_eq!(answer["silent"], silent, "{answer}");
    assert_eq!(answer["outlets"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_is_negative_about_the_bridge() {
    let desk = Desk::new().await;
    let arguments = json!({"query": "harbour bridge", "filters": {"sentiment": "negative"},
        "sort": "newest"});
    let answer = desk.ask("search_articles", arguments).await;
    let facts = desk.on(BRIDGE_SUBJECT);
    let negative = facts.iter().filter(|fact| fact.sentiment == SentimentLabel::Negative);
    let expected: Vec<&str> = negative.map(|fact| fact.title.as_str()).collect();
    assert_eq!(answer["total"], expected.len());
    assert!(titles(&answer).iter().all(|title| expected.contains(title)), "{answer}");
}

async fn follow(house: &House) {
    for (outlet, failures) in OUTLETS.iter().zip([0, 0, 9, 0]) {
        let listing = courant_store::Listing {
            url: format!("https://{outlet}/feed"),
            kind: "feed".into(),
            failures,
            problem: (failures > 0).then(|| "not fetched: 503".into()),
            ..Default::default()
        };
        house.store.crawl().record_listing(&[], &listing).await.unwrap();
    }
}

#[tokio::test]
async fn which_sources_fail() {
    let desk = Desk::new().await;
    follow(&desk.house).await;
    let answer = desk.ask("list_sources", json!({"failing": true})).await;
    assert_eq!((&answer["followed"], &answer["failing"]), (&json!(4), &json!(1)));
    assert_eq!(answer["sources"][0]["url"], "https://east.example/feed");
    assert_eq!(answer["sources"][0]["problem"], "not fetched: 503");
}

#[tokio::test]
async fn is_the_pipeline_well() {
    let desk = Desk::new().await;
    desk.house.has_embedder([1.0, 0.0, 0.0]).await;
    let answer = desk.ask("pipeline_status", json!({})).await;
    assert_eq!((&answer["well"], &answer["problems"]), (&json!(true), &json!([])), "{answer}");
    assert_eq!(answer["stored"]["articles"], 120);
    follow(&desk.house).await;
    let answer = desk.ask("pipeline_status", json!({})).await;
    assert_eq!(answer["problems"], json!(["1 of 4 sources fail"]), "{answer}");
}
