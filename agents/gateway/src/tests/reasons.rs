//! The reasons of decisions, asked for later.

use courant_bus::{Settled, Stage};

use super::*;

const A: &str = "https://news.example.com/bridge";
const COPY: &str = "https://other.example.org/x";

/// The decisions that an address leads to, once there are `count`.
async fn reasons(house: &House, url: &str, count: usize) -> Vec<Value> {
    let path = format!("/v1/decisions?url={url}");
    soon(async {
        loop {
            let (status, answer) = house.get(&path).await;
            assert_eq!(status, 200, "{answer}");
            let decisions = answer["decisions"].as_array().unwrap().clone();
            if decisions.len() == count {
                return decisions;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_decision_tells_its_rule_and_what_the_texts_share() {
    let house = House::new().await.open();
    let first = house.has_stored(A, "A title", BRIDGE, [1.0, 0.0, 0.0]).await;
    house.submit(entry("1", A, BRIDGE, NOW_MS)).await;
    reasons(&house, A, 1).await;
    house.submit(entry("2", COPY, BRIDGE, NOW_MS + 1)).await;
    house.submit(entry("3", "https://news.example.com/short", "Too short.", NOW_MS + 2)).await;

    reasons(&house, COPY, 1).await;
    let copied = format!("By our reporter. {BRIDGE}");
    house.has_stored(COPY, "A title", &copied, [1.0, 0.0, 0.0]).await;
    let of_copy = reasons(&house, COPY, 1).await.remove(0);
    assert_eq!((&of_copy["decision"], &of_copy["rule"]), (&"syndicated".into(), &"text".into()));
    assert_eq!(of_copy["of"], first.to_string());
    assert_eq!(of_copy["shared_passage"], BRIDGE);
    assert_eq!(of_copy["submission_id"], "2");

    let of_first = reasons(&house, A, 2).await;
    let told: Vec<&Value> = of_first.iter().map(|decision| &decision["decision"]).collect();
    assert!(told.contains(&&"new".into()) && told.contains(&&"syndicated".into()), "{told:?}");
    let (_, by_id) = house.get(&format!("/v1/decisions?article={first}")).await;
    assert_eq!(by_id["decisions"].as_array().unwrap().len(), 2);

    let (_, refused) = house.get("/v1/decisions?submission=3").await;
    let reason = refused["decisions"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("2 words"), "{reason}");
    house.close().await;
}

#[tokio::test]
async fn decisions_are_asked_for_by_one_key() {
    let house = House::new().await;
    for wrong in [
        "",
        "?url=x",
        "?article=zz",
        "?url=https://a.example/&submission=1",
        "?submission=1&limit=0",
    ] {
        let (status, answer) = house.get(&format!("/v1/decisions{wrong}")).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
}

#[tokio::test]
async fn words_and_suggestions_come_from_the_archive() {
    let house = House::new().await;
    for n in 0..3 {
        house
            .has_stored(&format!("{A}-{n}"), "Bridge", &format!("{BRIDGE} {n}"), [1.0, 0.0, 0.0])
            .await;
    }
    for n in 0..6 {
        let url = format!("https://farm.example.org/{n}");
        house.has_stored(&url, "Harvest", &format!("{HARVEST} {n}"), [0.0, 1.0, 0.0]).await;
    }
    let (_, words) = house.get("/v1/words?q=bridge&limit=50").await;
    let named: Vec<&str> =
        words["words"].as_array().unwrap().iter().map(|w| w["word"].as_str().unwrap()).collect();
    assert!(named.contains(&"council") && !named.contains(&"harvest"), "{named:?}");
    let (_, found) = house.get("/v1/suggestions?q=exa").await;
    assert_eq!(found["suggestions"][0]["query"], "site:example.org");
}

#[tokio::test]
async fn a_submission_may_wait_until_its_article_can_be_found() {
    let house = House::new().await.open();
    let mut accepted = house.bus.consume(Stage::EMBEDDER, 8).await.unwrap();
    let (bus, store) = (house.bus.clone(), house.store.clone());
    // The rest of the pipeline.
    let storing = tokio::spawn(async move {
        let delivery = accepted.next().await.unwrap();
        let submission_id = "wait".to_owned();
        let record = record(A, "A title", BRIDGE, [1.0, 0.0, 0.0]);
        store.articles().upsert(std::slice::from_ref(&record)).await.unwrap();
        let stored = v1::ArticleStored { submission_id, ..v1::ArticleStored::default() };
        let id = MessageId::new("stored".to_owned());
        bus.publish(Subject::ARTICLE_STORED, &id, &stored).await.unwrap();
        assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
    });
    let body = serde_json::json!({
        "url": A, "title": "A title", "text": BRIDGE, "submission_id": "wait",
    });
    let answer = read(house.post("/v1/articles?wait=10&until=stored", &body).await).await;
    let (status, receipt) = answer;
    assert_eq!((status, receipt["decision"].as_str()), (200, Some("new")), "{receipt}");
    storing.await.unwrap();
    let (_, found) =
        house.get(&format!("/v1/search?q=bridge&mode=text&change={}", receipt["change"])).await;
    assert_eq!(found["total"], 1, "{found}");
    let (status, _) = house.get("/v1/search?q=bridge&mode=text&change=1000").await;
    assert_eq!(status, 400, "no change has this number");
    house.close().await;
}
