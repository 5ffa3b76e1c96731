//! Followers of events and dead letters.

use std::collections::BTreeSet;
use std::time::Duration;

use courant_bus::{
    Bus, Delivery, Error, Event, Failure, FollowedItem, Gap, MessageId, OwnFollower, Settled,
    SharedFollower, Stage, Subject,
};
use courant_proto::v1;

use crate::bench::{Bench, Kind, id, in_time, next, publish, retry_after, until, with_one};

const STORED: &[Subject] = &[Subject::ARTICLE_STORED];
const NAME: &str = "index";

pub(crate) async fn tell(bus: &Bus, n: usize) {
    let stored = v1::ArticleStored { id: format!("a{n}"), ..Default::default() };
    assert!(!bus.offer(Subject::ARTICLE_STORED, &id(n), &stored).await.unwrap().duplicate);
}

async fn shared(bus: &Bus) -> SharedFollower {
    bus.follow_shared(NAME, STORED, 2).await.unwrap()
}

pub(crate) async fn delivery(follower: &mut SharedFollower) -> Delivery {
    match in_time(follower.next()).await.unwrap() {
        FollowedItem::Message(delivery) => delivery,
        FollowedItem::Gap(gap) => panic!("{gap:?}"),
    }
}

async fn shared_gap(follower: &mut SharedFollower) -> Gap {
    match in_time(follower.next()).await.unwrap() {
        FollowedItem::Gap(gap) => gap,
        FollowedItem::Message(delivery) => panic!("{}", article(&delivery)),
    }
}

async fn event(follower: &mut OwnFollower) -> Event {
    match in_time(follower.next()).await.unwrap() {
        FollowedItem::Message(event) => event,
        FollowedItem::Gap(gap) => panic!("{gap:?}"),
    }
}

async fn own_gap(follower: &mut OwnFollower) -> Gap {
    match in_time(follower.next()).await.unwrap() {
        FollowedItem::Gap(gap) => gap,
        FollowedItem::Message(event) => panic!("event {}", event.position()),
    }
}

pub(crate) fn article(delivery: &Delivery) -> String {
    delivery.decode::<v1::ArticleStored>().unwrap().id
}

/// Settles what comes, and returns which article it was.
async fn handled(follower: &mut SharedFollower) -> String {
    let delivery = delivery(follower).await;
    let id = article(&delivery);
    assert_eq!(delivery.settle(Ok(())).await, Settled::Acknowledged);
    id
}

async fn nothing(follower: &mut SharedFollower) {
    assert!(tokio::time::timeout(Duration::from_millis(300), follower.next()).await.is_err());
}

pub(crate) async fn followers_of_one_name_share_what_happens(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    tell(&bus, 0).await;
    let (mut first, mut second) = (shared(&bus).await, shared(&bus).await);
    for n in 1..10 {
        tell(&bus, n).await;
        // Another subject, which they do not follow.
        let decided = v1::EntryDecided { submission_id: format!("s-{n}"), ..Default::default() };
        bus.offer(Subject::ENTRY_DECIDED, &id(100 + n), &decided).await.unwrap();
    }
    let mut arrived = BTreeSet::new();
    while arrived.len() < 10 {
        let next = tokio::select! {
            one = delivery(&mut first) => one,
            one = delivery(&mut second) => one,
        };
        assert!(arrived.insert(article(&next)), "each once");
        next.settle(Ok(())).await;
    }
    let mut other = bus.follow_shared("other", STORED, 1).await.unwrap();
    assert_eq!(handled(&mut other).await, "a0", "a new name starts with the oldest");
}

pub(crate) async fn a_dead_followers_message_goes_to_another(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let mut dying = shared(&bus).await;
    tell(&bus, 1).await;
    let held = delivery(&mut dying).await;
    assert_eq!((held.subject(), held.attempt()), ("article.stored", 1));
    drop((held, dying));
    let mut living = shared(&bus).await;
    let again = delivery(&mut living).await;
    assert_eq!((article(&again).as_str(), again.attempt()), ("a1", 2));
    again.settle(Ok(())).await;
    nothing(&mut living).await;
}

pub(crate) async fn a_follower_tries_again_beyond_the_last_delivery_of_a_stage(kind: Kind) {
    let bench = Bench::start(kind, |config| config.max_deliver = 1).await;
    let bus = bench.bus().await;
    let mut follower = shared(&bus).await;
    tell(&bus, 1).await;
    for attempt in 1..=3 {
        let delivery = delivery(&mut follower).await;
        assert_eq!(delivery.attempt(), attempt);
        let delay = Duration::from_millis(20);
        let settled = delivery.settle(Err(retry_after(delay))).await;
        assert_eq!(settled, Settled::Retried(delay));
    }
    let hopeless = Failure::discard(anyhow::anyhow!("no article"));
    assert_eq!(delivery(&mut follower).await.settle(Err(hopeless)).await, Settled::Dead);
    nothing(&mut follower).await;
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
    let labels = [("stage", NAME), ("reason", "discarded")];
    assert_eq!(bench.metric("courant_bus_dead_letters_total", &labels), 1.0);
}

pub(crate) async fn a_shared_follower_goes_on_after_a_restart(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let mut follower = shared(&bus).await;
    tell(&bus, 1).await;
    tell(&bus, 2).await;
    assert_eq!(handled(&mut follower).await, "a1");
    in_time(follower.stop()).await;
    in_time(bus.close()).await.unwrap();
    let bus = bench.bus().await;
    tell(&bus, 3).await;
    let mut follower = shared(&bus).await;
    let rest = BTreeSet::from([handled(&mut follower).await, handled(&mut follower).await]);
    assert_eq!(rest, BTreeSet::from(["a2".to_owned(), "a3".to_owned()]));
    nothing(&mut follower).await;
}

pub(crate) async fn a_shared_follower_is_told_what_went_before_it_came(kind: Kind) {
    let bench = Bench::start(kind, |config| config.events.max_messages = 3).await;
    let bus = bench.bus().await;
    let mut follower = shared(&bus).await;
    tell(&bus, 1).await;
    assert_eq!(handled(&mut follower).await, "a1");
    in_time(follower.stop()).await;
    for n in 2..=7 {
        tell(&bus, n).await;
    }
    let mut follower = shared(&bus).await;
    let gap = shared_gap(&mut follower).await;
    assert_eq!(gap.last_missing - gap.first_missing, 2, "{gap:?}");
    let labels = [("stream", "EVENTS")];
    assert_eq!(bench.metric("courant_bus_gaps_total", &labels), 1.0);
    for n in 5..=7 {
        assert_eq!(handled(&mut follower).await, format!("a{n}"));
    }
    nothing(&mut follower).await;
    in_time(follower.stop()).await;
    nothing(&mut shared(&bus).await).await;
}

pub(crate) async fn a_shared_follower_is_told_what_goes_while_it_fails(kind: Kind) {
    let bench = Bench::start(kind, |config| config.events.max_messages = 2).await;
    let bus = bench.bus().await;
    let mut follower = shared(&bus).await;
    tell(&bus, 1).await;
    let failing = delivery(&mut follower).await;
    for n in 2..=4 {
        tell(&bus, n).await;
    }
    failing.settle(Err(retry_after(Duration::from_millis(50)))).await;
    let mut gaps = 0;
    let mut arrived = BTreeSet::new();
    while gaps == 0 || !arrived.contains("a4") {
        match in_time(follower.next()).await.unwrap() {
            FollowedItem::Gap(_) => gaps += 1,
            FollowedItem::Message(delivery) => {
                arrived.insert(article(&delivery));
                delivery.settle(Ok(())).await;
            }
        }
    }
    assert!(!arrived.contains("a1"));
}

pub(crate) async fn an_own_follower_reads_in_order_from_its_position(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    for n in 0..5 {
        tell(&bus, n).await;
        publish(&bus, n).await;
    }
    let mut follower = bus.follow_own(STORED, None).unwrap();
    let mut position = None;
    for n in 0..3 {
        let event = event(&mut follower).await;
        assert_eq!(event.subject(), "article.stored");
        assert_eq!(event.decode::<v1::ArticleStored>().unwrap().id, format!("a{n}"));
        assert!(Some(event.position()) > position);
        position = Some(event.position());
    }
    in_time(bus.close()).await.unwrap();
    let bus = bench.bus().await;
    let mut follower = bus.follow_own(STORED, position).unwrap();
    for n in 5..8 {
        tell(&bus, n).await;
    }
    for n in 3..8 {
        let event = event(&mut follower).await;
        assert_eq!(event.decode::<v1::ArticleStored>().unwrap().id, format!("a{n}"));
    }
    in_time(bus.close()).await.unwrap();
    assert!(in_time(follower.next()).await.is_none());
}

pub(crate) async fn an_own_follower_is_told_of_a_gap(kind: Kind) {
    let bench = Bench::start(kind, |config| config.events.max_messages = 3).await;
    let bus = bench.bus().await;
    tell(&bus, 1).await;
    let mut follower = bus.follow_own(STORED, None).unwrap();
    let position = event(&mut follower).await.position();
    drop(follower);
    for n in 2..=7 {
        tell(&bus, n).await;
    }
    let mut follower = bus.follow_own(STORED, Some(position)).unwrap();
    let gap = own_gap(&mut follower).await;
    assert_eq!(gap.first_missing, position + 1);
    for n in 5..=7 {
        let event = event(&mut follower).await;
        assert!(event.position() > gap.last_missing);
        assert_eq!(event.decode::<v1::ArticleStored>().unwrap().id, format!("a{n}"));
    }
    let mut fresh = bus.follow_own(STORED, None).unwrap();
    assert!(event(&mut fresh).await.position() > gap.last_missing, "nothing was promised to it");
}

pub(crate) async fn dead_letters_can_be_followed(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let (bus, mut deliveries) = with_one(&bench).await;
    let hopeless = Failure::discard(anyhow::anyhow!("no url"));
    next(&mut deliveries).await.settle(Err(hopeless)).await;
    let letters = &[Subject::DEAD_LETTERS];
    let mut follower = bus.follow_shared("claims", letters, 1).await.unwrap();
    let letter = delivery(&mut follower).await;
    assert_eq!(letter.subject(), "dlq.gateway");
    assert_eq!(letter.decode::<v1::Entry>().unwrap().submission_id, "s-1");
    letter.settle(Ok(())).await;
    let mut own = bus.follow_own(letters, None).unwrap();
    assert_eq!(event(&mut own).await.subject(), "dlq.gateway");
    let letter = bus.dead_letters(1).await.unwrap().remove(0);
    bus.replay(letter.sequence).await.unwrap().unwrap();
    until(async || bus.dead_letters(1).await.unwrap().is_empty()).await;
    // On a server a letter that went may be told as a gap, although it was handled.
    let message = async { while let Some(FollowedItem::Gap(_)) = follower.next().await {} };
    assert!(tokio::time::timeout(Duration::from_millis(300), message).await.is_err());
}

pub(crate) async fn only_what_is_kept_can_be_followed(kind: Kind) {
    let bench = Bench::start(kind, |_| {}).await;
    let bus = bench.bus().await;
    let both = [Subject::ARTICLE_STORED, Subject::DEAD_LETTERS];
    for subjects in [&both[..], &[Stage::GATEWAY.subject()], &[Subject::CONTROL_PRESSURE]] {
        let refused = bus.follow_own(subjects, None).err();
        assert!(matches!(refused, Some(Error::WrongSubject(_))), "{refused:?}");
    }
    assert!(matches!(bus.follow_own(&[], None).err(), Some(Error::NoSubject)));
    for name in ["", "with.dot", "Upper"] {
        let refused = bus.follow_shared(name, STORED, 1).await.err();
        assert!(matches!(refused, Some(Error::Follower(_))), "{refused:?}");
    }
    let model = MessageId::new("m1");
    bus.offer(Subject::new("model.promoted"), &model, &v1::Entry::default()).await.unwrap();
    let mut models = bus.follow_own(&[Subject::MODELS], None).unwrap();
    assert_eq!(event(&mut models).await.subject(), "model.promoted");
}
