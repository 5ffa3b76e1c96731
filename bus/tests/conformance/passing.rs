//! The messages that are not stored: broadcasts and requests. Also events as they pass.

use std::time::{Duration, Instant};

use courant_bus::{Error, PublishError, RequestError, Subject};
use courant_proto::v1;

use crate::bench::{Bench, Kind, entry, id, in_time};

pub(crate) async fn listeners_hear_broadcasts_and_events(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let mut first = bus.subscribe::<v1::Pressure>(Subject::CONTROL_PRESSURE).await.unwrap();
    let mut second = bus.subscribe::<v1::Pressure>(Subject::CONTROL_PRESSURE).await.unwrap();
    let pressure = v1::Pressure { reason: "queues".into(), ..Default::default() };
    bus.broadcast(Subject::CONTROL_PRESSURE, &pressure).await.unwrap();
    assert_eq!(in_time(first.next()).await.unwrap(), pressure);
    assert_eq!(in_time(second.next()).await.unwrap(), pressure);
    let mut decided = bus.subscribe::<v1::EntryDecided>(Subject::ENTRY_DECIDED).await.unwrap();
    let event = v1::EntryDecided { submission_id: "s-1".into(), ..Default::default() };
    bus.publish(Subject::ENTRY_DECIDED, &id(1), &event).await.unwrap();
    assert_eq!(in_time(decided.next()).await.unwrap(), event);
    in_time(bus.close()).await.unwrap();
    assert!(in_time(decided.next()).await.is_none());
}

fn question(text: &str) -> v1::EmbedRequest {
    v1::EmbedRequest { texts: vec![text.into()], kind: 0 }
}

pub(crate) async fn a_request_is_answered_by_one_of_its_servers(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let (asked, mut answered) = tokio::sync::mpsc::channel(64);
    for _ in 0..2 {
        let mut requests = bus.serve::<v1::EmbedRequest>(Subject::REQUEST_EMBED).await.unwrap();
        let asked = asked.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                let left = request.deadline().unwrap() - Instant::now();
                assert!(left > Duration::from_secs(5) && left <= Duration::from_secs(10));
                let error = request.message.texts.concat();
                asked.send(error.clone()).await.unwrap();
                let reply = v1::EmbedReply { error, ..Default::default() };
                request.reply(&reply).await.unwrap();
            }
        });
    }
    let timeout = Duration::from_secs(10);
    for n in 0..20 {
        let text = format!("q{n}");
        let reply: v1::EmbedReply =
            bus.request(Subject::REQUEST_EMBED, &question(&text), timeout).await.unwrap();
        assert_eq!(reply.error, text);
        assert_eq!(answered.recv().await.unwrap(), text);
    }
    assert!(answered.try_recv().is_err(), "one server each");
}

pub(crate) async fn a_request_without_answer_ends_in_time(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let start = Instant::now();
    let timeout = Duration::from_secs(20);
    let nobody = bus
        .request::<_, v1::EmbedReply>(Subject::REQUEST_EMBED, &question("q"), timeout)
        .await
        .unwrap_err();
    assert!(matches!(nobody, RequestError::NoResponder(Subject::REQUEST_EMBED)), "{nobody:?}");
    assert!(start.elapsed() < timeout, "said at once");
    let mut silent = bus.serve::<v1::EmbedRequest>(Subject::REQUEST_EMBED).await.unwrap();
    let dropping = tokio::spawn(async move {
        let request = silent.next().await.unwrap();
        drop(request);
        silent
    });
    let timeout = Duration::from_millis(300);
    let late = bus
        .request::<_, v1::EmbedReply>(Subject::REQUEST_EMBED, &question("q"), timeout)
        .await
        .unwrap_err();
    assert!(matches!(late, RequestError::Timeout { .. }), "{late:?}");
    drop(in_time(dropping).await.unwrap());
}

pub(crate) async fn subjects_are_used_for_what_they_are(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let stored = bus.broadcast(Subject::ENTRY_SUBMITTED, &entry(1)).await.unwrap_err();
    assert!(matches!(stored, PublishError::WrongSubject(_)), "{stored:?}");
    let passing = bus.offer(Subject::CONTROL_PRESSURE, &id(1), &entry(1)).await.unwrap_err();
    assert!(matches!(passing, PublishError::WrongSubject(_)), "{passing:?}");
    let served = bus.serve::<v1::Entry>(Subject::ENTRY_SUBMITTED).await;
    assert!(matches!(served.err(), Some(Error::WrongSubject(_))));
}
