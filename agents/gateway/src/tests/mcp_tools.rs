//! The answers of the tools.

use courant_article::Sentiment;
use serde_json::json;

use super::*;

/// Stores ten articles on ferries of three outlets, one a week, and one on apples of a fourth.
async fn archive(house: &House) -> Vec<String> {
    let mut records = Vec::new();
    for week in 0..10 {
        let url = format!("https://news{}.example/{week}", week % 3);
        let text = format!("The ferry number {week} was late. {BRIDGE}");
        let mut record = record(&url, &format!("Ferry {week}"), &text, [1.0, 0.0, 0.0]);
        let day = jiff::civil::date(2023, 9, 1) + jiff::Span::new().days(week * 7);
        record.article.published_at = Some(day.to_string().parse().unwrap());
        let probabilities = if week % 2 == 0 { [0.8, 0.1, 0.1] } else { [0.1, 0.1, 0.8] };
        record.analysis.sentiment = Some(Sentiment::of(probabilities));
        records.push(record);
    }
    records.push(record("https://fruit.example/a", "Few apples", HARVEST, [0.0, 1.0, 0.0]));
    house.store.articles().upsert(&records).await.unwrap();
    house.search.catch_up().await.unwrap();
    records.iter().map(|record| record.article.id.to_string()).collect()
}

#[tokio::test]
async fn articles_are_counted_in_all_and_by_period() {
    let house = House::new().await;
    archive(&house).await;
    let counted =
        house.told("count_articles", json!({"query": "ferry", "interval": "month"})).await;
    assert_eq!(counted["total"], 10);
    let expected = json!([
        {"start": "2023-09-01", "count": 5},
        {"start": "2023-10-01", "count": 4},
        {"start": "2023-11-01", "count": 1},
    ]);
    assert_eq!(counted["series"], expected);
    let filters = json!({"sentiment": "negative"});
    let counted = house.told("count_articles", json!({"query": "ferry", "filters": filters})).await;
    assert_eq!(counted["total"], 5);
}

#[tokio::test]
async fn facets_list_the_most_frequent_values() {
    let house = House::new().await;
    archive(&house).await;
    let arguments = json!({"query": "ferry", "facets": ["site", "sentiment"], "limit": 2});
    let facets = house.told("list_facets", arguments).await;
    let site = &facets["facets"]["site"];
    assert_eq!(site["values"][0], json!({"value": "news0.example", "count": 4}), "{facets}");
    assert_eq!((&site["left_out"], &site["without"]), (&json!(1), &json!(0)));
    assert_eq!(facets["facets"]["sentiment"]["values"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_article_is_got_by_any_form_of_its_address() {
    let house = House::new().await;
    let ids = archive(&house).await;
    let url = "http://www.news1.example/1/?utm_source=x";
    let article = house.told("get_article", json!({"url": url})).await;
    assert_eq!(article["id"], ids[1], "{article}");
    assert_eq!(article["sentiment"]["label"], "positive");
    assert!(article.get("text").is_none() && article["left_out"]["text"].is_string());
    let result = house.call("get_article", json!({"id": ids[1]})).await;
    assert_eq!(result["content"][1]["uri"], format!("courant://articles/{}", ids[1]));
}

#[tokio::test]
async fn revisions_show_what_each_change_removed_and_added() {
    let house = House::new().await;
    let texts = ["Ten died. The bridge fell.", "Twelve died. The bridge fell.", "Twelve died."];
    for (number, text) in (0..).zip(texts) {
        let mut version = record("https://a.example/1", "Bridge", text, [1.0, 0.0, 0.0]);
        version.article.revision = Revision(NOW_MS + number);
        if number == 2 {
            version.article.title = "Bridge fell".into();
        }
        house.store.articles().upsert(&[version]).await.unwrap();
    }
    house.search.catch_up().await.unwrap();
    let told = house.told("article_revisions", json!({"url": "https://a.example/1"})).await;
    assert_eq!(told["total"], 3);
    let change = json!({"title_before": "Bridge", "removed": ["The bridge fell."], "added": []});
    assert_eq!(told["revisions"][0]["change"], change, "{told}");
    let change = json!({"removed": ["Ten died."], "added": ["Twelve died."]});
    assert_eq!(told["revisions"][1]["change"], change);
    assert!(told["revisions"][2].get("change").is_none());
    let as_of = &told["revisions"][2]["observed_at"];
    let arguments = json!({"id": told["id"], "as_of": as_of, "response_format": "detailed"});
    assert_eq!(house.told("get_article", arguments).await["text"], texts[0]);
}

#[tokio::test]
async fn outlets_are_compared_and_the_silent_ones_named() {
    let house = House::new().await;
    let ids = archive(&house).await;
    let compared = house.told("compare_outlets", json!({"query": "ferry", "limit": 2})).await;
    assert_eq!(compared["total"], 10);
    let first = &compared["outlets"][0];
    assert_eq!((&first["site"], &first["articles"]), (&json!("news0.example"), &json!(4)));
    assert_eq!(first["first"]["id"], ids[0], "{compared}");
    assert_eq!(first["headlines"][0]["id"], ids[9]);
    assert_eq!(first["sentiment"], json!({"negative": 2, "positive": 2}));
    assert_eq!(compared["further_outlets"], 1);
    let silent = json!([{"site": "fruit.example", "articles_in_all": 1}]);
    assert_eq!(compared["silent"], silent);

    let sites = json!(["news1.example", "fruit.example", "unknown.example"]);
    let compared = house.told("compare_outlets", json!({"query": "ferry", "sites": sites})).await;
    assert_eq!(compared["outlets"].as_array().unwrap().len(), 1);
    let silent: Vec<_> =
        compared["silent"].as_array().unwrap().iter().map(|o| &o["site"]).collect();
    assert_eq!(silent, ["fruit.example", "unknown.example"]);
}

#[tokio::test]
async fn decisions_are_explained_for_stored_and_refused_addresses() {
    let house = House::new().await.open();
    let submit = async |url: &str, text: &str| {
        house.clock.advance(Duration::from_secs(1));
        let arguments = json!({"url": url, "title": "The bridge stays", "text": text});
        house.told("submit_article", arguments).await["decision"].as_str().unwrap().to_owned()
    };
    assert_eq!(submit("https://a.example/1", BRIDGE).await, "new");
    let id = house.has_stored("https://a.example/1", "The bridge stays", BRIDGE, [1.0, 0.0, 0.0]);
    let id = id.await.to_string();
    assert_eq!(submit("https://a.example/2", BRIDGE).await, "duplicate");
    let explained = async |url: &str| house.told("explain_decision", json!({"url": url})).await;

    let duplicate = explained("https://a.example/2").await;
    assert_eq!(
        (&duplicate["decision"], &duplicate["stored"]),
        (&json!("duplicate"), &json!(false))
    );
    assert_eq!(duplicate["original"]["id"], id, "{duplicate}");
    assert!(duplicate["reasons"][0].as_str().unwrap().contains("very same text"), "{duplicate}");

    let new = explained("http://www.a.example/1?utm_source=x").await;
    assert_eq!((&new["decision"], &new["stored"]), (&json!("new"), &json!(true)), "{new}");
    assert_eq!(submit("https://a.example/1", BRIDGE).await, "duplicate");
    let again = explained("https://a.example/1").await;
    assert!(again["reasons"][1].as_str().unwrap().contains("seen again"), "{again}");

    assert_eq!(submit("https://b.example/1", BRIDGE).await, "syndicated");
    let copy = explained("https://b.example/1").await;
    assert_eq!((&copy["decision"], &copy["original"]["id"]), (&json!("syndicated"), &json!(id)));
    assert!(copy["reasons"].to_string().contains("on its way"), "{copy}");

    let unknown = explained("https://c.example/1").await;
    assert_eq!(unknown["decision"], "unknown");
    house.close().await;
}

#[tokio::test]
async fn failing_sources_and_their_effect_on_the_status_are_told() {
    let house = House::new().await;
    for (path, failures) in [("a", 0), ("b", 7)] {
        let listing = courant_store::Listing {
            url: format!("https://site.example/{path}"),
            kind: "feed".into(),
            failures,
            problem: (failures > 0).then(|| "not fetched: timeout".into()),
            ..Default::default()
        };
        house.store.crawl().record_listing(&[], &listing).await.unwrap();
    }
    let failing = house.told("list_sources", json!({"failing": true})).await;
    assert_eq!((&failing["followed"], &failing["failing"]), (&json!(2), &json!(1)));
    assert_eq!(failing["sources"].as_array().unwrap().len(), 1);
    assert_eq!(failing["sources"][0]["problem"], "not fetched: timeout");
    let all = house.told("list_sources", json!({})).await;
    assert_eq!(all["sources"].as_array().unwrap().len(), 2);

    let status = house.told("pipeline_status", json!({})).await;
    assert_eq!(status["well"], false, "{status}");
    assert!(status["problems"].to_string().contains("1 of 2 sources fail"), "{status}");
}
