//! Events, dead letters, and the reasons of refusals.

use courant_bus::{Failure, Settled, Stage};
use futures::StreamExt;
use serde_json::json;

use super::*;

impl House {
    /// The first `count` events of a stream, as text.
    async fn events(&self, path: &str, last: Option<&str>, count: usize) -> Vec<String> {
        let mut request = Request::get(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = self.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut body = response.into_body().into_data_stream();
        let mut text = String::new();
        soon(async {
            while text.matches("\n\n").count() < count {
                text.push_str(
                    &String::from_utf8(body.next().await.unwrap().unwrap().into()).unwrap(),
                );
            }
        })
        .await;
        text.split_terminator("\n\n").map(str::to_owned).collect()
    }

    pub(super) async fn tells_stored(&self, id: ArticleId, title: &str) {
        let stored = v1::ArticleStored {
            id: id.to_string(),
            title: title.into(),
            ..v1::ArticleStored::default()
        };
        let name = MessageId::new(format!("stored:{id}"));
        self.bus.publish(Subject::ARTICLE_STORED, &name, &stored).await.unwrap();
    }
}

fn data(event: &str) -> Value {
    let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

#[tokio::test]
async fn events_are_told_in_order_and_go_on_behind_the_last_one() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    house.submit(entry("s-1", "https://a.example/1", BRIDGE, NOW_MS)).await;
    soon(decisions.next()).await.unwrap();
    let bridge = house.has_stored("https://a.example/1", "Bridge", BRIDGE, [1.0, 0.0, 0.0]).await;
    let harvest = house.has_stored("https://a.example/2", "Farm", HARVEST, [1.0, 0.0, 0.0]).await;
    house.tells_stored(bridge, "Bridge").await;
    house.tells_stored(harvest, "Farm").await;
    let all = house.events("/v1/events?after=0", None, 3).await;
    assert!(all[0].contains("event: entry.decided") && all[1].contains("event: article.stored"));
    assert_eq!(
        (&data(&all[0])["decision"], &data(&all[2])["title"]),
        (&json!("new"), &json!("Farm"))
    );
    let id = all[1].lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let rest = house.events("/v1/events?after=0", Some(id), 1).await;
    assert_eq!(rest, all[2..]);
    let chosen = house.events("/v1/events?after=0&q=harvest", None, 1).await;
    assert_eq!(chosen, all[2..], "of the stored articles, that one alone");
    for wrong in ["types=x", "q=(a", "q=a&types=entry.decided", "after=x"] {
        let (status, answer) = house.get(&format!("/v1/events?{wrong}")).await;
        assert_eq!(status, 400, "{wrong}: {answer}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_stream_begins_now_and_their_number_is_bounded() {
    let config = Config { max_listeners: 1, ..Config::default() };
    let house = House::with(config, &courant_bus::Config::default()).await;
    let id = house.has_stored("https://a.example/1", "Old", BRIDGE, [1.0, 0.0, 0.0]).await;
    house.tells_stored(id, "Old").await;
    let request = Request::get("/v1/events").body(Body::empty()).unwrap();
    let listening = house.ask(request).await;
    assert_eq!(house.get("/v1/events").await.0, 429);
    let new = house.has_stored("https://a.example/2", "New", HARVEST, [1.0, 0.0, 0.0]).await;
    house.tells_stored(new, "New").await;
    let mut body = listening.into_body().into_data_stream();
    let first = soon(body.next()).await.unwrap().unwrap();
    assert!(String::from_utf8(first.into()).unwrap().contains("\"title\":\"New\""));
    drop(body);
    soon(async {
        while house
            .gateway
            .routes()
            .into_router()
            .oneshot(Request::get("/v1/events").body(Body::empty()).unwrap())
            .await
            .unwrap()
            .status()
            != 200
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_told() {
    let house = House::new().await;
    let request = Request::get("/v1/events?after=0").body(Body::empty()).unwrap();
    let response = house.ask(request).await;
    for n in 0..400_u128 {
        house.tells_stored(ArticleId::from_bytes(n.to_be_bytes()), "x").await;
    }
    // The time that a client has for one event.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let body = to_bytes(response.into_body(), 1 << 22).await.unwrap();
    let text = String::from_utf8(body.into()).unwrap();
    assert!(text.matches("event: article.stored").count() >= 256, "what waited is told");
    let last = text.split_terminator("\n\n").last().unwrap();
    assert!(last.contains("event: cut") && last.contains("Last-Event-ID"), "{last}");
}

#[tokio::test]
async fn dead_letters_are_listed_shown_replayed_and_dropped() {
    let house = House::new().await;
    for name in ["s-1", "s-2"] {
        house.submit(entry(name, "https://a.example/1", BRIDGE, NOW_MS)).await;
    }
    let mut entries = house.bus.consume(Stage::GATEWAY, 2).await.unwrap();
    for _ in 0..2 {
        let delivery = soon(entries.next()).await.unwrap();
        let failure = Failure::discard(anyhow::anyhow!("broken"));
        assert_eq!(delivery.settle(Err(failure)).await, Settled::Dead);
    }
    let (status, answer) = house.get("/v1/dead-letters?limit=5").await;
    assert_eq!(status, 200, "{answer}");
    let letters = answer["letters"].as_array().unwrap();
    assert_eq!((letters.len(), &letters[0]["error"]), (2, &json!("broken")));
    assert!(letters[0].get("payload").is_none());
    let one = |n: usize| format!("/v1/dead-letters/{}", letters[n]["number"]);
    let (_, shown) = house.get(&one(0)).await;
    assert_eq!(
        (&shown["subject"], &shown["schema"]),
        (&json!("entry.submitted"), &json!("courant.v1.Entry"))
    );
    assert!(shown["payload"].as_str().unwrap().len() > 50);
    assert_eq!(house.send("POST", &format!("{}/replay", one(0)), &Value::Null).await.0, 204);
    let again = soon(entries.next()).await.unwrap();
    again.settle(Ok(())).await;
    assert_eq!(house.send("DELETE", &one(1), &Value::Null).await.0, 204);
    for (method, path) in
        [("GET", one(0)), ("DELETE", one(1)), ("GET", "/v1/dead-letters/99".into())]
    {
        assert_eq!(house.send(method, &path, &Value::Null).await.0, 404);
    }
    for path in ["/v1/dead-letters/x", "/v1/dead-letters/-1", "/v1/dead-letters?limit=0"] {
        assert_eq!(house.get(path).await.0, 400, "{path}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_its_address() {
    let house = House::new().await.open();
    let mut decisions = house.decisions().await;
    house.submit(entry("s-1", "https://a.example/short", "Too short.", NOW_MS)).await;
    soon(decisions.next()).await.unwrap();
    let explained = soon(async {
        loop {
            let arguments = json!({"url": "https://a.example/short?utm_source=x"});
            let told = house.told("explain_decision", arguments).await;
            if told["decision"] == "refused" {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert!(explained["reasons"][0].as_str().unwrap().contains("2 words"), "{explained}");
    let (_, same) = house.get("/v1/decisions?url=https://a.example/short").await;
    assert_eq!(same["decisions"][0]["decision"], "refused");
    house.close().await;
}
