//! Searches, lists, counts and versions over HTTP.

use courant_article::{ArticleId, Revision, Text};
use courant_bus::Subject;
use courant_proto::v1;
use serde_json::{Value, json};

use super::{BRIDGE, HARVEST, House, NOW_MS, record};

/// Stores 25 articles on ferries, one a day, each second one in German.
async fn fleet(house: &House) -> Vec<ArticleId> {
    let mut records = Vec::new();
    for day in 1..=25 {
        let url = format!("https://news{}.example/{day}", day % 3);
        let text = format!("The ferry number {day} was late. {BRIDGE}");
        let mut record = record(&url, &format!("Ferry {day}"), &text, [1.0, 0.0, 0.0]);
        record.article.published_at = Some(format!("2023-10-{day:02}").parse().unwrap());
        if day % 2 == 0 {
            record.analysis.language = Some("de".into());
        }
        records.push(record);
    }
    house.store.articles().upsert(&records).await.unwrap();
    house.search.catch_up().await.unwrap();
    records.iter().map(|record| record.article.id).collect()
}

async fn get(house: &House, path: &str) -> Value {
    let (status, answer) = house.get(path).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn without_words_the_newest_are_listed() {
    let house = House::new().await;
    let fleet = fleet(&house).await;
    let answer = get(&house, "/v1/search?limit=2").await;
    assert_eq!(ids(&answer), [fleet[24].to_string(), fleet[23].to_string()]);
    assert_eq!((&answer["sort"], &answer["total"]), (&json!("newest"), &json!(25)));
    assert!(answer["hits"][0].get("score").is_none(), "{answer}");
    let oldest = get(&house, "/v1/search?limit=1&sort=oldest&q=ferry").await;
    assert_eq!(ids(&oldest), [fleet[0].to_string()]);
}

#[tokio::test]
async fn filters_are_words_of_the_query_or_parameters() {
    let house = House::new().await;
    fleet(&house).await;
    for path in [
        "/v1/search?q=ferry+lang:de+date:2023-10-01..2023-10-10&mode=text",
        "/v1/search?q=ferry&lang=de&date=2023-10-01..2023-10-10&mode=text",
        "/v1/search?lang=de&date=2023-10-01..2023-10-10",
    ] {
        assert_eq!(get(&house, path).await["total"], 5, "{path}");
    }
    let (status, answer) = house.get("/v1/search?q=ferry&language=de").await;
    assert_eq!(status, 400);
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("language") && message.contains("lang"), "{message}");
}

#[tokio::test]
async fn every_page_of_a_search_and_of_a_list_follows_the_one_before() {
    let house = House::new().await;
    fleet(&house).await;
    house.has_embedder([1.0, 0.0, 0.0]).await;
    for question in ["q=ferry", "q=ferry&mode=text", "q=ferry&mode=vector", "sort=newest"] {
        let (mut met, mut cursor) = (Vec::new(), String::new());
        for page in 0.. {
            let path = format!("/v1/search?{question}&limit=7{cursor}");
            let answer = get(&house, &path).await;
            met.extend(ids(&answer).into_iter().map(str::to_owned));
            // Articles that arrive change no page of the walk.
            let url = format!("https://late.example/{}/{page}", question.len());
            house.has_stored(&url, "Ferry", "ferry ferry", [1.0, 0.0, 0.0]).await;
            let Some(next) = answer["cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let found = met.len();
        met.sort();
        met.dedup();
        assert_eq!(met.len(), found, "{question}: no article twice");
        assert!(found >= 25, "{question}: {found}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_question() {
    let house = House::new().await;
    fleet(&house).await;
    let answer = get(&house, "/v1/search?q=ferry&mode=text&limit=7").await;
    let cursor = answer["cursor"].as_str().unwrap();
    for wrong in ["q=bridge&mode=text", "q=ferry&mode=text&lang=de", "sort=newest"] {
        let (status, answer) = house.get(&format!("/v1/search?{wrong}&cursor={cursor}")).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("invalid_request")), "{wrong}");
    }
}

#[tokio::test]
async fn a_gateway_behind_a_cursor_says_so() {
    let house = House::new().await;
    fleet(&house).await;
    let answer = get(&house, "/v1/search?q=ferry&mode=text&limit=7").await;
    let (change, place) = answer["cursor"].as_str().unwrap().split_once('~').unwrap();
    let change: i64 = change.parse().unwrap();
    // Stored, but not indexed.
    let late = record("https://a.example/late", "Ferry", "ferry", [1.0, 0.0, 0.0]);
    house.store.articles().upsert(&[late]).await.unwrap();
    for (change, expected) in
        [(change + 1, (503, json!("behind"))), (change + 2, (400, json!("invalid_request")))]
    {
        let path = format!("/v1/search?q=ferry&mode=text&cursor={change}~{place}");
        let (status, answer) = house.get(&path).await;
        assert_eq!((status, answer["error"]["code"].clone()), expected, "{answer}");
    }
}

#[tokio::test]
async fn an_explained_hit_shows_the_parts_of_its_score() {
    let house = House::new().await;
    fleet(&house).await;
    house.has_embedder([1.0, 0.0, 0.0]).await;
    let answer = get(&house, "/v1/search?q=ferry+24&explain=true&limit=1&mode=text").await;
    let hit = &answer["hits"][0];
    assert_eq!(hit["title"], "Ferry 24");
    let explanation = &hit["explanation"];
    assert!(explanation["text_score"].as_f64().unwrap() > 0.0, "{hit}");
    assert!(explanation["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{hit}");
    assert_eq!(hit["title_highlights"], json!([[0, 5], [6, 8]]));
    let plain = get(&house, "/v1/search?q=ferry+24&limit=1&mode=text").await;
    assert!(plain["hits"][0].get("explanation").is_none());
}

#[tokio::test]
async fn articles_are_counted_by_values_and_by_time() {
    let house = House::new().await;
    fleet(&house).await;
    let answer =
        get(&house, "/v1/counts?q=ferry&facets=language,site&limit=1&interval=month&by=language")
            .await;
    assert_eq!(answer["total"], 25);
    let language = &answer["facets"]["language"];
    assert_eq!(language["values"], json!([{"value": "en", "count": 13}]));
    assert_eq!((&language["left_out"], &language["without"]), (&json!(1), &json!(0)));
    assert_eq!(answer["facets"]["site"]["left_out"], 2);
    let october = json!([{
        "start": "2023-10-01T00:00:00Z",
        "count": 25,
        "values": [{"value": "en", "count": 13}],
    }]);
    assert_eq!(answer["series"], october);
    assert_eq!(get(&house, "/v1/counts?lang=de").await["total"], 12);
}

#[tokio::test]
async fn an_article_is_found_by_any_form_of_its_address() {
    let house = House::new().await;
    let id = house.has_stored("https://a.example/1", "Bridge", BRIDGE, [1.0, 0.0, 0.0]).await;
    for url in ["https%3A%2F%2Fa.example%2F1", "http://A.example/1%3Futm_source=x%23top"] {
        let article = get(&house, &format!("/v1/articles?url={url}")).await;
        assert_eq!(article["id"], id.to_string(), "{url}");
    }
}

#[tokio::test]
async fn versions_of_an_article_are_kept_and_shown_as_they_were() {
    let house = House::new().await;
    let first = record("https://a.example/1", "Bridge stays", BRIDGE, [1.0, 0.0, 0.0]);
    let id = first.article.id;
    let mut second = first.clone();
    second.article.title = "Few apples".into();
    second.article.text = Text::new(HARVEST.into());
    second.article.revision = Revision(NOW_MS + 60_000);
    for record in [&first, &second] {
        house.store.articles().upsert(std::slice::from_ref(record)).await.unwrap();
    }
    house.search.catch_up().await.unwrap();
    let answer = get(&house, &format!("/v1/articles/{id}/revisions")).await;
    let titles: Vec<_> = answer["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| revision["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["Few apples", "Bridge stays"]);
    let time = |ms| jiff::Timestamp::from_millisecond(ms).unwrap();
    let as_of = async |ms| house.get(&format!("/v1/articles/{id}?as_of={}", time(ms))).await;
    assert_eq!(as_of(NOW_MS + 59_999).await.1["text"], BRIDGE);
    assert_eq!(as_of(NOW_MS + 60_000).await.1["text"], HARVEST);
    assert_eq!(as_of(NOW_MS - 1).await.0, 404, "it was not known then");
}

#[tokio::test]
async fn copies_of_a_text_are_shown_with_their_first() {
    let house = House::new().await;
    let first = house.has_stored("https://a.example/1", "Bridge", BRIDGE, [1.0, 0.0, 0.0]).await;
    let mut copy = record("https://b.example/1", "Bridge", BRIDGE, [1.0, 0.0, 0.0]);
    copy.article.syndicated_of = Some(first);
    house.store.articles().upsert(std::slice::from_ref(&copy)).await.unwrap();
    house.search.catch_up().await.unwrap();
    let shown = get(&house, &format!("/v1/articles/{first}")).await;
    assert_eq!(shown["copies"][0]["id"], copy.article.id.to_string());
    assert_eq!(shown["copies"].as_array().unwrap().len(), 1);
    let search = get(&house, "/v1/search?q=bridge&mode=text").await;
    assert_eq!((ids(&search).len(), &search["hits"][0]["copies"]), (1, &json!(1)));
}

#[tokio::test]
async fn the_status_says_how_far_the_index_is() {
    let house = House::new().await;
    fleet(&house).await;
    let index = get(&house, "/v1/status").await["index"].clone();
    assert_eq!(
        index,
        json!({
            "articles": 25, "change": 25, "store_change": 25, "rebuilding": false,
        })
    );
}

/// Answers one request for scores: the third passage is the best, then the first.
async fn scores_once(house: &House) {
    let mut requests = house.bus.serve::<v1::RerankRequest>(Subject::REQUEST_RERANK).await.unwrap();
    tokio::spawn(async move {
        let request = requests.next().await.unwrap();
        assert_eq!(request.message.query, "ferry late");
        assert!(request.message.passages[0].starts_with("Ferry "));
        let score = |at| [0.5, 0.0, 0.75].get(at).copied().unwrap_or_default();
        let scores = (0..request.message.passages.len()).map(score).collect();
        request.reply(&v1::RerankReply { scores, ..v1::RerankReply::default() }).await.unwrap();
    });
}

#[tokio::test]
async fn a_re_ranker_orders_the_best_anew_and_without_it_the_order_stays() {
    let house = House::new().await;
    fleet(&house).await;
    house.has_embedder([1.0, 0.0, 0.0]).await;
    const PATH: &str = "/v1/search?q=ferry+late&limit=3&explain=true";
    let before = get(&house, PATH).await;
    house.gateway.set_reranks(true);
    let missing = get(&house, PATH).await;
    assert_eq!(ids(&missing), ids(&before));
    let reason = missing["degraded"].as_str().unwrap();
    assert!(reason.starts_with("the results are not re-ranked: the embedder"), "{reason}");

    scores_once(&house).await;
    let after = get(&house, PATH).await;
    let (before, hits) = (ids(&before), ids(&after));
    assert_eq!(hits[..2], [before[2], before[0]], "{after}");
    assert!(after.get("degraded").is_none(), "{after}");
    assert_eq!(after["hits"][0]["explanation"]["relevance"], 0.75);
    let rule = after["hits"][0]["explanation"]["rule"].as_str().unwrap();
    assert!(rule.starts_with("relevance"), "{rule}");
    let score = |at: usize| after["hits"][at]["score"].as_f64().unwrap();
    assert!(score(0) > score(1) && score(1) > score(2), "{after}");
}
