//! Sources that are changed over HTTP, and pages that are submitted.

use courant_bus::Stage;
use courant_sources::{FollowedSource, Sources};
use courant_store::Listing;
use serde_json::json;

use super::*;

const FEED: &str = "https://a.example/feed";

impl House {
    /// The next request to the crawler.
    async fn asked_of_the_crawler(&self) -> v1::CrawlRequested {
        let mut requests = self.bus.consume(Stage::CRAWLER, 1).await.unwrap();
        let delivery = soon(requests.next()).await.unwrap();
        let request = delivery.decode().unwrap();
        delivery.settle(Ok(())).await;
        requests.stop().await;
        request
    }
}

#[tokio::test]
async fn a_source_is_added_tagged_paused_resumed_checked_and_removed() {
    let house = House::new().await;
    let mut changes =
        house.bus.subscribe::<v1::SourcesChanged>(Subject::CONTROL_SOURCES).await.unwrap();
    let new = json!({"url": "HTTPS://A.example/feed#top", "tags": ["local"]});
    let (status, source) = house.send("POST", "/v1/sources", &new).await;
    assert_eq!((status, &source["url"]), (201, &json!(FEED)), "{source}");
    assert_eq!((&source["origin"], &source["state"]), (&json!("request"), &json!("waiting")));
    soon(changes.next()).await.unwrap();
    let again = house.send("POST", "/v1/sources", &json!({"url": FEED})).await;
    assert_eq!(again, (200, source.clone()));

    let one = format!("/v1/sources/{}", source["id"].as_str().unwrap());
    let change = json!({"tags": ["sea", "local"], "paused": true});
    let (_, paused) = house.send("PATCH", &one, &change).await;
    assert_eq!((&paused["state"], &paused["tags"]), (&json!("paused"), &change["tags"]));
    assert_eq!(house.send("POST", &format!("{one}/check"), &json!({})).await.0, 409);
    let ended = Listing {
        url: FEED.into(),
        kind: "feed".into(),
        failures: 1,
        problem: Some("gone for good".into()),
        next_check_at_ms: Listing::NEVER_MS,
        ..Listing::default()
    };
    house.store.crawl().record_listing(&[], &ended).await.unwrap();
    let (_, resumed) = house.send("PATCH", &one, &json!({"paused": false})).await;
    assert_eq!(resumed["state"], "ended", "until it was looked at");
    assert_eq!(resumed["problem"], "gone for good");
    let look = house.asked_of_the_crawler().await;
    assert_eq!((look.url.as_str(), look.kind().as_str_name()), (FEED, "KIND_SOURCE"));

    let (_, page) = house.get("/v1/sources?tag=sea&limit=1").await;
    assert_eq!((&page["total"], &page["sources"][0]["url"]), (&json!(1), &json!(FEED)));
    assert_eq!(house.get("/v1/sources?tag=land").await.1["total"], 0);
    assert_eq!(house.send("DELETE", &one, &Value::Null).await.0, 204);
    assert_eq!(house.get(&one).await.0, 404);
    assert_eq!(house.store.crawl().listing(FEED).await.unwrap(), None);
}

#[tokio::test]
async fn a_source_of_the_configuration_says_so_and_stays() {
    let house = House::new().await;
    let until_ms = house.clock.unix_ms() + 1;
    let added = FollowedSource::added(FEED.into(), Vec::new(), 5);
    let source = FollowedSource { configured: true, until_ms, ..added };
    Sources::of(house.store.crawl()).record(&[source]).await.unwrap();
    let (status, known) = house.send("POST", "/v1/sources", &json!({"url": FEED})).await;
    assert_eq!((status, &known["origin"]), (200, &json!("configuration")));
    let one = format!("/v1/sources/{}", &known["id"].as_str().unwrap()[..8]);
    for (method, body) in [("PATCH", json!({"paused": true})), ("DELETE", Value::Null)] {
        let (status, answer) = house.send(method, &one, &body).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("conflict")), "{answer}");
    }
    assert_eq!(house.send("POST", &format!("{one}/check"), &json!({})).await.0, 202);
}

#[tokio::test]
async fn feeds_of_another_reader_are_taken_over() {
    let house = House::new().await;
    let opml = "<opml version='2.0'><body><outline text='News'>\
        <outline xmlUrl='https://a.example/feed'/><outline xmlUrl='https://b.example/feed'/>\
        <outline xmlUrl='http://u:p@c.example/feed'/></outline></body></opml>";
    for expected in [
        json!({"added": 2, "known": 0, "refused": 1}),
        json!({"added": 0, "known": 2, "refused": 1}),
    ] {
        let request = Request::post("/v1/sources/opml").body(Body::from(opml)).unwrap();
        assert_eq!(read(house.ask(request).await).await, (200, expected));
    }
    let (_, first) = house.get("/v1/sources?limit=1").await;
    assert_eq!((&first["next"], &first["total"]), (&json!(FEED), &json!(2)));
    let (_, rest) = house.get(&format!("/v1/sources?after={FEED}")).await;
    assert_eq!(rest["sources"][0]["url"], "https://b.example/feed");
    let request = Request::post("/v1/sources/opml").body(Body::from("no list")).unwrap();
    assert_eq!(read(house.ask(request).await).await.0, 400);
}

#[tokio::test]
async fn wrong_sources_are_refused_with_the_reason() {
    let house = House::new().await;
    for (body, expected) in [
        (json!({}), "url is missing"),
        (json!({"url": "a.example"}), "no address"),
        (json!({"url": "file:///etc/passwd"}), "no http or https address"),
        (json!({"url": FEED, "tags": vec!["x"; 33]}), "more than 32 tags"),
    ] {
        let (status, answer) = house.send("POST", "/v1/sources", &body).await;
        assert_eq!(status, 400);
        assert!(answer["detail"].as_str().unwrap().contains(expected), "{answer}");
    }
    for path in ["/v1/sources/0f11", "/v1/sources/0f115db062b7c0dd", "/v1/sources/x%00"] {
        assert_eq!(house.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn an_address_alone_is_fetched_by_the_crawler_and_its_refusal_is_told() {
    let house = House::new().await.open();
    let body = json!({"url": "https://a.example/1", "tags": ["mine"], "outer_id": "cms-1",
        "submission_id": "s-1"});
    let deciding = async {
        let request = house.asked_of_the_crawler().await;
        assert_eq!(
            (request.url.as_str(), request.outer_id.as_str()),
            ("https://a.example/1", "cms-1")
        );
        assert_eq!((request.kind().as_str_name(), request.tags.len()), ("KIND_PAGE", 1));
        let decided = v1::EntryDecided {
            submission_id: request.submission_id,
            decision: v1::Decision::Refused.into(),
            reason: "robots_disallow".into(),
            ..v1::EntryDecided::default()
        };
        let id = MessageId::new("decided");
        house.bus.publish(Subject::ENTRY_DECIDED, &id, &decided).await.unwrap();
    };
    let (response, ()) = tokio::join!(house.post("/v1/articles?wait=10", &body), deciding);
    let (status, receipt) = read(response).await;
    assert_eq!((status, &receipt["decision"]), (200, &json!("refused")), "{receipt}");
    assert_eq!(receipt["reason"], "robots_disallow");
    house.close().await;
}

#[tokio::test]
async fn a_page_is_read_as_the_crawler_reads_it() {
    let house = House::new().await;
    let sentence = "The council decided on Tuesday to repair the bridge before winter comes. ";
    let html = format!(
        "<html lang=en><head><title>Bridge</title><meta name=author content='Ada Berg'>\
         <meta property=og:type content=article><meta name=keywords content='bridge,river'>\
         <meta property=article:published_time content=2023-03-05T09:30:00+02:00></head>\
         <body><article><h1>The bridge stays</h1><p>{}</p></article></body></html>",
        sentence.repeat(12)
    );
    let body = json!({"url": "https://a.example/1", "html": html, "title": "Mine",
        "tags": ["own"], "outer_id": "cms-1"});
    let (status, receipt) = read(house.post("/v1/articles", &body).await).await;
    assert_eq!(status, 202, "{receipt}");
    let mut entries = house.bus.consume(Stage::GATEWAY, 1).await.unwrap();
    let delivery = soon(entries.next()).await.unwrap();
    let sent: v1::Entry = delivery.decode().unwrap();
    assert_eq!((sent.title.as_str(), sent.authors.join("")), ("Mine", "Ada Berg".into()));
    assert_eq!(sent.published_at, "2023-03-05T09:30:00+02:00");
    assert!(sent.text.contains("repair the bridge") && !sent.text.contains('<'));
    let page = sent.page.unwrap();
    assert_eq!(
        (page.tags, page.outer_id),
        (vec!["own".into(), "bridge".into(), "river".into()], "cms-1".into())
    );
    let evidence = sent.evidence.unwrap();
    assert_eq!(evidence.title, 0, "stated by the submitter");
    assert_ne!(evidence.published_at, 0);
    delivery.settle(Ok(())).await;
}
