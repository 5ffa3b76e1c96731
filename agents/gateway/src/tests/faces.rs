//! HTTP and JSON.

use courant_bus::{QueueLimits, Stage};
use courant_extract::sources::{FeedKind, feed, opml};
use courant_proto::v1::pressure::Level;
use serde_json::json;

use super::*;

fn submission() -> Value {
    json!({"url": "https://news.example.com/bridge", "title": "The bridge stays", "text": BRIDGE})
}

#[tokio::test]
async fn a_submission_is_accepted_at_once_and_decided_when_waited_for() {
    let house = House::new().await;
    let (status, receipt) = read(house.post("/v1/articles", &submission()).await).await;
    assert_eq!(status, 202, "{receipt}");
    assert!(receipt["submission_id"].is_string() && receipt.get("decision").is_none());

    let house = house.open();
    let mut other = submission();
    other["text"] = HARVEST.into();
    other["url"] = "https://news.example.com/harvest".into();
    other["submission_id"] = "mine".into();
    let (status, receipt) = read(house.post("/v1/articles?wait=10", &other).await).await;
    assert_eq!((status, &receipt["decision"]), (200, &json!("new")), "{receipt}");
    assert_eq!(receipt["submission_id"], "mine");

    let copied = json!({"url": "https://copy.example.org/1", "title": "Copy", "text": HARVEST});
    let (_, copy) = read(house.post("/v1/articles?wait=10", &copied).await).await;
    assert_eq!((&copy["decision"], &copy["of"]), (&json!("syndicated"), &receipt["article_id"]));

    let mut short = submission();
    short["text"] = "Too short.".into();
    let (_, refused) = read(house.post("/v1/articles?wait=10", &short).await).await;
    assert_eq!(refused["decision"], "refused");
    assert!(refused["reason"].as_str().unwrap().contains("2 words"));
    house.close().await;
}

#[tokio::test]
async fn a_submission_sent_again_gets_its_first_decision() {
    let house = House::new().await.open();
    let send = async |change: &[(&str, &str)]| {
        let mut body = submission();
        body["observed_at"] = "2023-11-14T22:00:00Z".into();
        for (key, value) in change {
            body[*key] = (*value).into();
        }
        let started = std::time::Instant::now();
        let (status, receipt) = read(house.post("/v1/articles?wait=10", &body).await).await;
        assert!(status == 200 && started.elapsed() < DEADLINE, "{receipt}");
        (receipt["decision"].clone(), receipt["article_id"].clone())
    };
    let alias = "https://news.example.com/print";
    let cases: [(&[(&str, &str)], &str); 3] = [
        (&[("submission_id", "1")], "new"),
        (&[("submission_id", "2"), ("url", alias)], "duplicate"),
        (&[("submission_id", "3"), ("text", "Too short.")], "refused"),
    ];
    for (change, expected) in cases {
        let first = send(change).await;
        assert_eq!(first.0, json!(expected));
        assert_eq!(send(change).await, first);
    }
    house.close().await;
}

#[tokio::test]
async fn what_the_page_declares_travels_with_a_submission() {
    let house = House::new().await;
    let mut body = submission();
    body["image"] = "https://news.example.com/1.jpg".into();
    body["tags"] = vec!["bridges", "harbour"].into();
    body["section"] = "Local".into();
    body["modified_at"] = "2026-03-04".into();
    body["paywalled"] = true.into();
    body["outer_id"] = "cms-1".into();
    let (status, receipt) = read(house.post("/v1/articles", &body).await).await;
    assert_eq!(status, 202, "{receipt}");
    let mut entries = house.bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = soon(entries.next()).await.unwrap();
    let sent: v1::Entry = delivery.decode().unwrap();
    let expected = v1::PageFields {
        image: "https://news.example.com/1.jpg".into(),
        tags: vec!["bridges".into(), "harbour".into()],
        section: "Local".into(),
        modified_at: "2026-03-04".into(),
        paywalled: true,
        outer_id: "cms-1".into(),
    };
    assert_eq!(sent.page, Some(expected));
    delivery.settle(Ok(())).await;
}

#[tokio::test]
async fn wrong_requests_get_json_that_says_what_is_wrong() {
    let house = House::new().await;
    let with = |key: &str, value: Value| {
        let mut body = submission();
        body[key] = value;
        body
    };
    let bodies = [
        (json!({"url": "https://a.example/", "title": "x"}), "text is missing"),
        (json!({"url": "https://a.example/", "text": BRIDGE}), "title is missing"),
        (json!({"title": "x", "text": BRIDGE}), "url is missing"),
        (with("html", "<p>x".into()), "both text and html"),
        (json!({"url": "https://a.example/", "html": "<p>x"}), "no article"),
        (json!({"url": "http://u:p@a.example/"}), "user name or password"),
        (with("outer_id", "x".repeat(300).into()), "outer_id is longer"),
        (with("url", "ftp://a.example/x".into()), "scheme"),
        (with("published_at", "yesterday".into()), "published_at"),
        (with("observed_at", "2024-01-01".into()), "observed_at"),
        (with("observed_at", "2033-01-01T00:00:00Z".into()), "ahead of the clock"),
        (with("titel", "x".into()), "titel is an unknown field"),
        (with("text", "  ".into()), "text is empty"),
        (with("title", "x".repeat(3000).into()), "title is longer"),
        (with("submission_id", "a\nb".into()), "control"),
        (with("image", "javascript:alert(1)".into()), "image is no http"),
        (with("tags", vec!["x"; 33].into()), "more than 32 tags"),
        (with("section", "x".repeat(101).into()), "section is longer"),
        (with("modified_at", "yesterday".into()), "modified_at"),
    ];
    for (body, expected) in bodies {
        let (status, answer) = read(house.post("/v1/articles", &body).await).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!("invalid_request")),
            "{answer}"
        );
        assert!(answer["error"]["message"].as_str().unwrap().contains(expected), "{answer}");
    }
    let gets = [
        ("/v1/search?sort=relevance", 400, "invalid_request"),
        ("/v1/search?q=a&langs=en", 400, "invalid_request"),
        ("/v1/search?q=langs:en", 400, "invalid_request"),
        ("/v1/search?q=(a", 400, "invalid_request"),
        ("/v1/search?q=a&cursor=nonsense", 400, "invalid_request"),
        ("/v1/search?q=a&cursor=0~r5", 400, "invalid_request"),
        ("/v1/search?q=story:1", 400, "invalid_request"),
        ("/v1/counts?facets=colour", 400, "invalid_request"),
        ("/v1/counts?interval=century", 400, "invalid_request"),
        ("/v1/counts?by=site", 400, "invalid_request"),
        ("/v1/search?q=a&k=0", 400, "invalid_request"),
        ("/v1/search?q=a&k=101", 400, "invalid_request"),
        ("/v1/search?q=a&mode=magic", 400, "invalid_request"),
        ("/v1/articles/short", 400, "invalid_request"),
        ("/v1/articles/0f115db062b7c0dd030b16878c99dea5", 404, "not_found"),
        ("/v1/articles/0f115db062b7c0dd030b16878c99dea5/related", 404, "not_found"),
        ("/v1/articles", 400, "invalid_request"),
        ("/v1/articles?url=nowhere", 400, "invalid_request"),
        ("/v1/articles?url=https://nowhere.example/1", 404, "not_found"),
        ("/v1/articles/0f115db062b7c0dd030b16878c99dea5?as_of=noon", 400, "invalid_request"),
        ("/v1/articles/0f115db062b7c0dd030b16878c99dea5/revisions", 404, "not_found"),
    ];
    for (path, expected, code) in gets {
        let (status, answer) = house.get(path).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (expected, &json!(code)),
            "{path}: {answer}"
        );
        assert!(answer["error"]["message"].is_string());
    }
    let (status, answer) = read(house.post("/v1/articles?wait=31", &submission()).await).await;
    assert_eq!(status, 400, "{answer}");
}

#[tokio::test]
async fn a_body_above_one_mebibyte_is_too_large() {
    let house = House::new().await;
    let huge = json!({"url": "https://a.example/", "title": "A", "text": "x".repeat(1 << 20)});
    let (status, answer) = read(house.post("/v1/articles", &huge).await).await;
    assert_eq!((status, &answer["error"]["code"]), (413, &json!("too_large")), "{answer}");
}

fn two_messages() -> courant_bus::Config {
    let queue = QueueLimits { max_messages: 2, ..QueueLimits::default() };
    courant_bus::Config { queue, ..courant_bus::Config::default() }
}

#[tokio::test]
async fn a_full_queue_is_429_with_the_time_to_come_again() {
    let house = House::with(Config::default(), &two_messages()).await;
    let mut statuses = Vec::new();
    for number in 0..3 {
        let mut body = submission();
        body["url"] = format!("https://news.example.com/{number}").into();
        let response = house.post("/v1/articles", &body).await;
        let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
        let (status, answer) = read(response).await;
        if status == 429 {
            assert_eq!(retry_after.unwrap(), "5");
            assert_eq!(answer["error"]["code"], "busy");
        }
        statuses.push(status);
    }
    assert_eq!(statuses, [202, 202, 429]);
}

#[tokio::test]
async fn without_its_files_the_door_is_shut_with_the_reason() {
    let house = House::new().await.open();
    let intake = house.gateway.intake();
    let ready = async |expected: bool| {
        while intake.check().is_ok() != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // It works once it has decided on something.
    let (status, _) = read(house.post("/v1/articles?wait=10", &submission()).await).await;
    assert_eq!(status, 200);
    for file in ["spool.db", "articles.db"] {
        let (path, away) = (house.folder.path().join(file), house.folder.path().join("away"));
        std::fs::rename(&path, &away).unwrap();
        soon(ready(false)).await;
        let reason = intake.check().unwrap_err().to_string();
        assert!(reason.contains(file), "{reason}");
        let (status, answer) = read(house.post("/v1/articles", &submission()).await).await;
        assert_eq!((status, &answer["error"]["code"]), (503, &json!("unavailable")), "{answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(&reason), "{answer}");
        std::fs::rename(&away, &path).unwrap();
        soon(ready(true)).await;
    }
    house.close().await;
}

#[tokio::test]
async fn under_pressure_publishers_are_told_and_submissions_are_429() {
    let house = House::with(Config::default(), &two_messages()).await;
    let mut pressure =
        house.bus.subscribe::<v1::Pressure>(Subject::CONTROL_PRESSURE).await.unwrap();
    let house = house.open();
    let calm = soon(pressure.next()).await.unwrap();
    assert_eq!((calm.level(), calm.reason.as_str()), (Level::None, ""));

    // Nobody works behind the gateway: the queue of the embedder fills.
    for (name, text) in [("1", BRIDGE), ("2", HARVEST)] {
        house.submit(entry(name, &format!("https://a.example/{name}"), text, NOW_MS)).await;
    }
    let stop = soon(async {
        loop {
            let pressure = pressure.next().await.unwrap();
            if pressure.level() == Level::Stop {
                break pressure;
            }
        }
    });
    let stop = stop.await;
    assert_eq!(stop.reason, "COURANT_ACCEPTED is 100 % full");
    let (status, answer) = read(house.post("/v1/articles", &submission()).await).await;
    assert_eq!(status, 429, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("COURANT_ACCEPTED"), "{answer}");
    let (_, told) = house.get("/v1/status").await;
    assert_eq!(told["pressure"]["level"], "stop");

    // Somebody does.
    let mut outlet = house.bus.consume(Stage::EMBEDDER, 8).await.unwrap();
    for _ in 0..2 {
        soon(outlet.next()).await.unwrap().settle(Ok(())).await;
    }
    soon(async { while pressure.next().await.unwrap().level() != Level::None {} }).await;
    let (status, _) = read(house.post("/v1/articles", &submission()).await).await;
    assert_eq!(status, 202);
    house.close().await;
}

async fn library(house: &House) -> [ArticleId; 2] {
    let bridge =
        house.has_stored("https://a.example/1", "The bridge stays", BRIDGE, [1.0, 0.0, 0.0]);
    let bridge = bridge.await;
    let harvest = house.has_stored("https://b.example/2", "Few apples", HARVEST, [0.9, 0.1, 0.0]);
    [bridge, harvest.await]
}

#[tokio::test]
async fn without_an_embedder_a_search_is_text_only_and_says_so() {
    let house = House::new().await;
    let [bridge, _] = library(&house).await;
    let (status, answer) = house.get("/v1/search?q=harbour+bridge").await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["mode"], "text");
    assert_eq!(answer["degraded"], "the embedder does not answer");
    assert_eq!(answer["hits"][0]["id"], bridge.to_string());

    let (status, answer) = house.get("/v1/search?q=harbour+bridge&mode=vector").await;
    assert_eq!((status, &answer["error"]["code"]), (503, &json!("no_embedder")), "{answer}");

    let (_, answer) = house.get("/v1/search?q=harbour+bridge&mode=text").await;
    assert!(answer.get("degraded").is_none(), "{answer}");
}

#[tokio::test]
async fn with_an_embedder_a_search_finds_by_meaning() {
    let house = House::new().await;
    let [bridge, harvest] = library(&house).await;
    house.has_embedder([0.9, 0.1, 0.0]).await;
    let (_, answer) = house.get("/v1/search?q=fruit&mode=vector&k=1").await;
    assert_eq!(answer["mode"], "vector");
    assert_eq!(answer["hits"][0]["id"], harvest.to_string(), "{answer}");
    assert_eq!(answer["hits"].as_array().unwrap().len(), 1);
    let (_, answer) = house.get("/v1/search?q=bridge").await;
    assert_eq!((&answer["mode"], answer.get("degraded")), (&json!("hybrid"), None));
    assert_eq!(answer["hits"][0]["id"], bridge.to_string(), "{answer}");
}

#[tokio::test]
async fn a_query_s_vector_is_asked_for_once() {
    let house = House::new().await;
    library(&house).await;
    let mut requests = house.bus.serve::<v1::EmbedRequest>(Subject::REQUEST_EMBED).await.unwrap();
    let answering = tokio::spawn(async move {
        let request = requests.next().await.unwrap();
        let model = Some(v1::Model { name: "test-encoder".into(), ..v1::Model::default() });
        let vectors = vec![v1::Vector { values: vec![1.0, 0.0, 0.0] }];
        let reply = v1::EmbedReply { model, vectors, ..v1::EmbedReply::default() };
        request.reply(&reply).await.unwrap();
    });
    for _ in 0..2 {
        let (status, answer) = house.get("/v1/search?q=fruit&mode=vector").await;
        assert_eq!(status, 200, "{answer}");
    }
    answering.await.unwrap();
}

#[tokio::test]
async fn an_article_and_those_like_it_are_found_by_id() {
    let house = House::new().await;
    let [bridge, harvest] = library(&house).await;
    let (status, article) = house.get(&format!("/v1/articles/{bridge}")).await;
    assert_eq!(status, 200, "{article}");
    assert_eq!((&article["text"], &article["language"]), (&json!(BRIDGE), &json!("en")));
    assert_eq!(article["published_at"], "2023-11-14");
    assert_eq!(article["evidence"], json!({"published_at": {"source": "listed"}}));
    let (status, related) = house.get(&format!("/v1/articles/{bridge}/related?k=5")).await;
    assert_eq!(status, 200, "{related}");
    assert_eq!(related["hits"][0]["id"], harvest.to_string());
    assert_eq!(related["hits"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_status_tells_queues_counts_model_and_agents() {
    let house = House::new().await;
    library(&house).await;
    house.has_embedder([1.0, 0.0, 0.0]).await;
    house.gateway.set_agents(vec![Control::new("crawler", &house.shutdown)]);
    house.post("/v1/articles", &submission()).await;
    let (status, told) = house.get("/v1/status").await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["queues"][0]["stream"], "COURANT_ENTRY");
    assert_eq!(
        (&told["queues"][0]["depth"], &told["queues"][0]["stage"]),
        (&json!(1), &json!("gateway"))
    );
    assert_eq!(told["stored"]["articles"], 2);
    assert_eq!(told["model"]["name"], "test-encoder");
    assert_eq!(told["agents"][0]["agent"], "crawler");
    assert_eq!(told["agents"][0]["state"], "starting");
    assert_eq!(told["pressure"]["level"], "none");
}

#[tokio::test]
async fn the_feeds_of_a_crawler_elsewhere_are_told_by_its_timetable() {
    let house = House::new().await;
    for (path, failures) in [("a", 0), ("b", 7), ("c", 2)] {
        let listing = courant_store::Listing {
            url: format!("https://site.example/{path}"),
            kind: "feed".into(),
            checked_at_ms: 1_700_000_000_000,
            next_check_at_ms: 1_700_000_900_000,
            failures,
            problem: (failures > 0).then(|| "not fetched: timeout".into()),
            ..Default::default()
        };
        house.store.crawl().record_listing(&[], &listing).await.unwrap();
    }
    let (_, told) = house.get("/v1/status").await;
    assert_eq!((&told["feeds"]["followed"], &told["feeds"]["failing"]), (&json!(3), &json!(2)));
    let worst = &told["feeds"]["worst"][0];
    assert_eq!(worst["url"], "https://site.example/b");
    assert_eq!(worst["problem"], "not fetched: timeout");
    assert_eq!(worst["next_check_at"], "2023-11-14T22:28:20Z");

    let (_, first) = house.get("/v1/feeds?limit=2").await;
    assert_eq!(first["next"], "https://site.example/b");
    let (_, second) = house.get("/v1/feeds?limit=2&after=https://site.example/b").await;
    assert_eq!(second["feeds"][0]["url"], "https://site.example/c");
    assert_eq!(
        (second["feeds"].as_array().map(Vec::len), &second["next"]),
        (Some(1), &json!(null))
    );
    let (status, _) = house.get("/v1/feeds?limit=0").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_document_has_every_route_and_each_answers() {
    let house = House::new().await;
    let routes = house.gateway.routes();
    let document = courant_api::openapi::document(routes.operations(), "1");
    let paths = document["paths"].as_object().unwrap();
    let documented: usize = paths.values().map(|methods| methods.as_object().unwrap().len()).sum();
    assert_eq!(documented, routes.operations().len());
    for operation in routes.operations() {
        let method = operation.method().as_str();
        let path = operation.path().replace("{id}", "0f115db062b7c0dd030b16878c99dea5");
        let request = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        let response = house.ask(request).await;
        let is_served = response.status() != 405 && response.headers().contains_key("content-type");
        assert!(is_served, "{method} {path}: {}", response.status());
    }
}

#[tokio::test]
async fn a_stream_of_lines_is_answered_by_a_line_per_decision() {
    let house = House::new().await.open();
    let harvest = json!({"url": "https://a.example/2", "title": "Few apples", "text": HARVEST, "submission_id": "h"});
    let again =
        json!({"url": "https://a.example/2?utm_source=x", "title": "Few apples", "text": HARVEST});
    let lines = format!("{}\n{harvest}\n{{\"url\": 7}}\n\nno json\n", submission());
    let send = async |lines: String| {
        let request = Request::post("/v1/articles/stream").body(Body::from(lines)).unwrap();
        let response = house.ask(request).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/x-ndjson");
        let bytes = soon(to_bytes(response.into_body(), 1 << 20)).await.unwrap();
        let text = String::from_utf8(bytes.into()).unwrap();
        let mut told: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        told.sort_by_key(|line| line["line"].as_u64());
        told
    };
    let told = send(lines).await;
    assert_eq!(told.len(), 4, "{told:#?}");
    assert_eq!((&told[0]["decision"], &told[1]["decision"]), (&json!("new"), &json!("new")));
    assert_eq!(told[1]["submission_id"], "h");
    assert_eq!(told[2]["problem"]["errors"][0]["pointer"], "#/url", "{told:#?}");
    assert_eq!((&told[3]["line"], &told[3]["problem"]["status"]), (&json!(5), &json!(400)));
    house.clock.advance(Duration::from_secs(1));
    let told = send(again.to_string()).await;
    assert_eq!(told[0]["decision"], "duplicate", "{told:#?}");
    house.close().await;
}

#[tokio::test]
async fn a_query_is_a_feed_that_is_sent_once_while_nothing_changes() {
    let house = House::new().await;
    library(&house).await;
    let ask = async |path: &str, tag: Option<&header::HeaderValue>| {
        let mut request = Request::get(path).header(header::HOST, "localhost:8080");
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        house.ask(request.body(Body::empty()).unwrap()).await
    };
    for (format, kind) in
        [("atom", FeedKind::Atom), ("rss", FeedKind::Rss2), ("json", FeedKind::Json)]
    {
        let path = format!("/v1/feed?q=harbour+bridge&lang=en&format={format}");
        let response = ask(&path, None).await;
        assert_eq!(response.status(), 200);
        let tag = response.headers()[header::ETAG].clone();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let read = feed(&bytes, None, None).unwrap();
        assert_eq!((read.kind, read.entries.len()), (kind, 1));
        assert_eq!(read.entries[0].url.as_deref(), Some("https://a.example/1"));
        assert_eq!(read.title.as_deref(), Some("Courant: harbour bridge lang:en"));
        assert_eq!(ask(&path, Some(&tag)).await.status(), 304);
    }
    let (status, answer) = house.get("/v1/feed?format=pdf").await;
    assert_eq!((status, &answer["errors"][0]["parameter"]), (400, &json!("format")), "{answer}");
    let (status, _) = house.get("/v1/feed?langs=en").await;
    assert_eq!(status, 400);
    let described = ask("/opensearch.xml", None).await;
    let bytes = to_bytes(described.into_body(), 1 << 20).await.unwrap();
    assert!(
        String::from_utf8_lossy(&bytes).contains("http://localhost:8080/v1/feed?q={searchTerms}")
    );
}

#[tokio::test]
async fn the_feeds_that_are_followed_are_opml_for_other_readers() {
    let house = House::new().await;
    for (path, kind) in [("a?x=1&y=2", "feed"), ("b", "sitemap")] {
        let url = format!("https://site.example/{path}");
        let listing = courant_store::Listing { url, kind: kind.into(), ..Default::default() };
        house.store.crawl().record_listing(&[], &listing).await.unwrap();
    }
    let request = Request::get("/v1/feeds?format=opml").body(Body::empty()).unwrap();
    let bytes = to_bytes(house.ask(request).await.into_body(), 1 << 20).await.unwrap();
    assert_eq!(opml(&bytes).unwrap(), ["https://site.example/a?x=1&y=2"]);
}

#[tokio::test]
async fn a_request_sent_again_with_its_key_is_the_same_submission() {
    let house = House::new().await.open();
    let send = async |key: &str, body: &Value| {
        let request = Request::post("/v1/articles?wait=10")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()))
            .unwrap();
        read(house.ask(request).await).await
    };
    let (status, first) = send("a", &submission()).await;
    assert_eq!((status, &first["decision"]), (200, &json!("new")), "{first}");
    house.clock.advance(Duration::from_secs(5));
    assert_eq!(send("a", &submission()).await, (200, first), "not a duplicate of itself");
    let mut other = submission();
    other["title"] = "Another title".into();
    let (status, answer) = send("a", &other).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (422, &json!("idempotency_conflict")),
        "{answer}"
    );
    let (status, answer) = send("b", &submission()).await;
    assert_eq!((status, &answer["decision"]), (200, &json!("duplicate")), "{answer}");
    assert_eq!(send(&"x".repeat(256), &submission()).await.0, 400);
    house.close().await;
}
