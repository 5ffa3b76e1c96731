//! The promises of the index of near texts, in memory and shared through Redis.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use courant_article::ArticleId;
use courant_cache::{Cache, Config, NearTextIndex};
use courant_config::Secret;
use courant_dedup::{NearConfig, NearMatch, Sketch, SketchedText};
use courant_telemetry::Meters;
use tokio::time::Instant;

#[path = "../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../tests/src/redis.rs"]
pub mod redis;

use redis::Redis;

const NOW_S: u32 = 1_700_000_000;

/// An index with what it stands on.
struct House {
    near: NearTextIndex,
    config: NearConfig,
    redis: Option<Redis>,
}

impl House {
    fn in_memory(config: NearConfig) -> Self {
        Self { near: neighbours(&config, None), config, redis: None }
    }

    fn with_redis(config: NearConfig) -> Self {
        let redis = Redis::start().unwrap();
        Self { near: neighbours(&config, Some(&redis)), config, redis: Some(redis) }
    }

    /// Returns the index of another process with the same configuration.
    fn replica(&self) -> NearTextIndex {
        neighbours(&self.config, self.redis.as_ref())
    }

    async fn offer(&self, offer: &SketchedText) -> Vec<NearMatch> {
        self.near.offer(offer, NOW_S).await.unwrap()
    }
}

fn neighbours(config: &NearConfig, redis: Option<&Redis>) -> NearTextIndex {
    let redis_url = redis.map(|redis| Secret::new(redis.url()));
    let cache = Config { redis_url, redis_timeout_ms: 5000, ..Config::default() };
    let meter = Meters::new("test").unwrap().meter();
    NearTextIndex::new(config, &Cache::connect(&cache, &meter).unwrap())
}

fn small() -> NearConfig {
    NearConfig { capacity: 1000, ..NearConfig::default() }
}

/// Each promise, in memory and with Redis.
macro_rules! conformance {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::House::in_memory(super::small())).await;
            })*
        }
        mod in_redis {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::House::with_redis(super::small())).await;
            })*
        }
    };
}

conformance!(
    earlier_texts_are_found_in_their_order,
    a_text_offered_again_is_neither_its_own_match_nor_taken_in_twice,
    what_will_be_refused_leads_nothing_to_itself,
    a_full_index_forgets_the_oldest,
    what_is_restored_is_found,
    of_copies_that_come_at_once_exactly_one_sees_no_other,
);

fn id(number: u32) -> ArticleId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    ArticleId::from_bytes(bytes)
}

fn offer(number: u32, site: &str, words: std::ops::Range<u32>) -> SketchedText {
    let text: String = words.map(|word| format!("word{word} ")).collect();
    let (id, sketch) = (id(number), Sketch::of(&text, 1).unwrap());
    SketchedText { id, text: u64::from(number), site: site.into(), sketch }
}

/// A text of its own for each number.
fn own(number: u32) -> std::ops::Range<u32> {
    number * 1000..number * 1000 + 100
}

fn told(matches: &[NearMatch]) -> Vec<(ArticleId, bool)> {
    matches.iter().map(|found| (found.id, found.on_this_site)).collect()
}

async fn earlier_texts_are_found_in_their_order(house: House) {
    assert!(house.near.is_unused().await.unwrap());
    assert_eq!(house.offer(&offer(1, "a", 0..100)).await, []);
    assert!(!house.near.is_unused().await.unwrap());
    let second = house.offer(&offer(2, "b", 20..120)).await;
    assert_eq!(told(&second), [(id(1), false)]);
    assert!((0.7..0.9).contains(&second[0].containment), "{second:?}");
    let third = house.offer(&offer(3, "b", 10..110)).await;
    assert_eq!(told(&third), [(id(1), false), (id(2), true)]);
    assert_eq!(house.offer(&offer(4, "a", own(9))).await, []);
    assert_eq!(house.near.articles(), 4 - usize::from(house.redis.is_none()));
}

async fn a_text_offered_again_is_neither_its_own_match_nor_taken_in_twice(house: House) {
    house.offer(&offer(1, "a", 0..100)).await;
    house.offer(&offer(2, "b", 10..110)).await;
    for _ in 0..3 {
        assert_eq!(house.offer(&offer(1, "a", 0..100)).await, [], "it was the first");
        let second = house.offer(&offer(2, "b", 10..110)).await;
        assert_eq!(told(&second), [(id(1), false)]);
    }
    assert_eq!(house.near.articles(), 2);
    assert_eq!(told(&house.offer(&offer(1, "a", 0..130)).await), [(id(2), false)], "revised");
}

async fn what_will_be_refused_leads_nothing_to_itself(house: House) {
    house.offer(&offer(1, "a", 0..100)).await;
    assert_eq!(house.offer(&offer(2, "a", 30..130)).await.len(), 1);
    assert_eq!(house.offer(&offer(3, "a", 60..160)).await, [], "far from the first");
}

async fn a_full_index_forgets_the_oldest(house: House) {
    for number in 0..2500 {
        assert_eq!(house.offer(&offer(number, "a", own(number))).await, []);
    }
    assert!((900..=1008).contains(&house.near.articles()), "{}", house.near.articles());
    for number in 2450..2500 {
        let copy = house.offer(&offer(9000 + number, "b", own(number))).await;
        assert_eq!(told(&copy), [(id(number), false)]);
    }
    assert_eq!(house.offer(&offer(9998, "b", own(10))).await, []);
}

async fn what_is_restored_is_found(house: House) {
    let restored = offer(1, "a", own(1));
    house.near.restore(&restored, NOW_S - 10, NOW_S).await.unwrap();
    let spent = NOW_S - house.config.max_age_s() - 1;
    house.near.restore(&offer(2, "a", own(2)), spent, NOW_S).await.unwrap();
    assert_eq!(told(&house.offer(&offer(3, "b", own(1))).await), [(id(1), false)]);
    assert_eq!(house.offer(&offer(4, "b", own(2))).await, [], "too old");
}

async fn of_copies_that_come_at_once_exactly_one_sees_no_other(house: House) {
    let other = if house.redis.is_some() { house.replica() } else { house.near.clone() };
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..100 {
        let near = if number % 2 == 0 { house.near.clone() } else { other.clone() };
        let copy = offer(number, &format!("site{number}"), number % 10..100 + number % 10);
        asked.spawn(async move { (number, near.offer(&copy, NOW_S).await.unwrap()) });
    }
    let answers = asked.join_all().await;
    let alone: Vec<_> = answers.iter().filter(|(_, matches)| matches.is_empty()).collect();
    assert_eq!(alone.len(), 1);
    let first = id(alone[0].0);
    assert!(answers.iter().all(|(_, found)| found.first().is_none_or(|found| found.id == first)));
}

#[tokio::test]
async fn replicas_share_the_index_and_its_prefix_keeps_others_out() {
    let house = House::with_redis(small());
    house.offer(&offer(1, "a", own(1))).await;
    let found = house.replica().offer(&offer(2, "b", own(1)), NOW_S).await.unwrap();
    assert_eq!(told(&found), [(id(1), false)]);
    assert!(house.near.is_shared() && !House::in_memory(small()).near.is_shared());
}

#[tokio::test]
async fn without_redis_an_offer_is_an_error_until_it_is_back() {
    let mut house = House::with_redis(small());
    house.offer(&offer(1, "a", own(1))).await;
    house.redis.as_mut().unwrap().kill().unwrap();
    assert!(house.near.offer(&offer(2, "b", own(2)), NOW_S).await.is_err());
    house.redis.as_mut().unwrap().restart().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while house.near.offer(&offer(3, "b", own(3)), NOW_S).await.is_err() {
        assert!(Instant::now() < deadline, "redis is not used again");
        tokio::task::yield_now().await;
    }
    let copy = house.offer(&offer(4, "c", own(3))).await;
    assert_eq!(told(&copy), [(id(3), false)], "the scripts are known again");
}
