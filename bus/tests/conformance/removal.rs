//! Removing messages from every stream.

use courant_bus::{Failure, Settled, Stage, StoredMessage, Subject};
use courant_proto::v1;

use crate::bench::{Bench, Kind, depth, id, next, publish};

/// Messages whose payload has the word, whatever they are.
fn has(word: &'static str) -> impl Fn(&StoredMessage<'_>) -> bool {
    move |message| message.payload.windows(word.len()).any(|part| part == word.as_bytes())
}

pub(crate) async fn messages_are_removed_wherever_they_are(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    for n in 1..=100 {
        publish(&bus, n).await;
    }
    let stored = |title: &str| v1::ArticleStored { title: title.into(), ..Default::default() };
    bus.publish(Subject::ARTICLE_STORED, &id(500), &stored("hippogriff")).await.unwrap();
    bus.publish(Subject::ARTICLE_STORED, &id(501), &stored("horse")).await.unwrap();
    let accepted = v1::ArticleAccepted {
        article: Some(v1::Article { text: "a hippogriff".into(), ..Default::default() }),
    };
    bus.publish(Subject::ARTICLE_ACCEPTED, &id(600), &accepted).await.unwrap();
    let mut deliveries = bus.consume(Stage::EMBEDDER, 1).await.unwrap();
    let failure = Failure::discard(anyhow::anyhow!("it cannot be embedded"));
    assert_eq!(next(&mut deliveries).await.settle(Err(failure)).await, Settled::Dead);
    assert_eq!(bus.dead_letters(10).await.unwrap().len(), 1);

    let of_letter = |message: &StoredMessage<'_>| {
        message.subject == "article.accepted" && message.message_id == Some(id(600).as_str())
    };
    let names_it = move |message: &StoredMessage<'_>| {
        has("hippogriff")(message) && (message.subject == "article.stored" || of_letter(message))
    };
    assert_eq!(bus.remove(names_it).await.unwrap(), 2, "an event and a dead letter");
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 100);

    let one = |message: &StoredMessage<'_>| message.message_id == Some(id(70).as_str());
    assert_eq!(bus.remove(one).await.unwrap(), 1);
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 99);
    bus.overwrite_removed().await.unwrap();
    assert_eq!(bus.remove(|_| true).await.unwrap(), 100, "99 entries and an event");
    publish(&bus, 101).await;
    assert_eq!(depth(&bus, Stage::GATEWAY).await, 1);
    if kind == Kind::Embedded {
        bus.overwrite_removed().await.unwrap();
        for entry in std::fs::read_dir(bench.folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(10).any(|part| part == b"hippogriff"));
        }
    }
}
