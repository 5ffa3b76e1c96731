//! The promises of a cache, in memory alone and with Redis behind it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use courant_cache::{Cache, Config};
use courant_config::Secret;
use courant_telemetry::Meters;
use tokio::time::{Instant, timeout};

#[path = "../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../tests/src/redis.rs"]
pub mod redis;

use redis::Redis;

const HOUR: Duration = Duration::from_secs(3600);
const SOON: Duration = Duration::from_secs(10);

/// A cache with what it counts.
struct House {
    cache: Cache,
    config: Config,
    meters: Meters,
    redis: Option<Redis>,
}

impl House {
    fn in_memory() -> Self {
        Self::with(Config::default(), None)
    }

    fn with_redis() -> Self {
        let redis = Redis::start().unwrap();
        let redis_url = Some(Secret::new(redis.url()));
        Self::with(Config { redis_url, ..Config::default() }, Some(redis))
    }

    fn with(config: Config, redis: Option<Redis>) -> Self {
        let meters = Meters::new("test").unwrap();
        let cache = Cache::connect(&config, &meters.meter()).unwrap();
        Self { cache, config, meters, redis }
    }

    /// Returns the cache of another process with the same configuration.
    fn replica(&self) -> Cache {
        Cache::connect(&self.config, &self.meters.meter()).unwrap()
    }

    /// Returns the number of requests at `level` that ended in `outcome`, as Prometheus sees it.
    fn count(&self, level: &str, outcome: &str) -> u64 {
        let wanted = [format!("level=\"{level}\""), format!("outcome=\"{outcome}\"")];
        let text = self.meters.render().unwrap();
        text.lines()
            .filter(|line| line.starts_with("courant_cache_requests_total{"))
            .filter(|line| wanted.iter().all(|label| line.contains(label)))
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }
}

async fn load(cache: &Cache, key: &str, value: Option<&'static str>) -> Option<Bytes> {
    let loaded = async move { Ok::<_, Infallible>(value.map(Bytes::from)) };
    cache.get_or_load(key, loaded).await.unwrap()
}

fn bytes(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from(text))
}

/// Each promise, on both.
macro_rules! conformance {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::House::in_memory()).await;
            })*
        }
        mod with_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::House::with_redis()).await;
            })*
        }
    };
}

conformance!(
    what_was_put_is_there_until_it_is_removed,
    a_value_is_loaded_once,
    concurrent_misses_load_once,
    a_failed_load_is_not_kept,
    what_is_missing_is_remembered_for_a_while,
    an_entry_ends_with_its_time_to_live,
    any_key_and_value_will_do,
    requests_are_counted,
);

async fn what_was_put_is_there_until_it_is_removed(house: House) {
    let cache = &house.cache;
    assert_eq!(cache.get("a").await, None);
    cache.put("a", "1".into(), HOUR).await;
    cache.put("a", "2".into(), HOUR).await;
    assert_eq!(cache.get("a").await, bytes("2"));
    cache.remove("a").await.unwrap();
    assert_eq!(cache.get("a").await, None);
}

async fn a_value_is_loaded_once(house: House) {
    assert_eq!(load(&house.cache, "a", Some("1")).await, bytes("1"));
    assert_eq!(load(&house.cache, "a", Some("2")).await, bytes("1"));
    assert_eq!(house.cache.get("a").await, bytes("1"));
}

async fn concurrent_misses_load_once(house: House) {
    let loads = Arc::new(AtomicU32::new(0));
    let begun = Arc::new(tokio::sync::Barrier::new(20));
    let callers = (0..20).map(|_| {
        let (cache, loads, begun) = (house.cache.clone(), loads.clone(), begun.clone());
        tokio::spawn(async move {
            begun.wait().await;
            let loading = async {
                loads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(bytes("1"))
            };
            cache.get_or_load("a", loading).await.unwrap()
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        assert_eq!(caller.await.unwrap(), bytes("1"));
    }
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

async fn a_failed_load_is_not_kept(house: House) {
    let failing = async { Err::<Option<Bytes>, _>("no database") };
    assert_eq!(*house.cache.get_or_load("a", failing).await.unwrap_err(), "no database");
    assert_eq!(load(&house.cache, "a", Some("1")).await, bytes("1"));
}

async fn what_is_missing_is_remembered_for_a_while(house: House) {
    assert_eq!(load(&house.cache, "a", None).await, None);
    assert_eq!(load(&house.cache, "a", Some("1")).await, None);
    let forgetful = House::with(Config { missing_ttl_s: 0, ..house.config.clone() }, None);
    assert_eq!(load(&forgetful.cache, "b", None).await, None);
    assert_eq!(load(&forgetful.cache, "b", Some("1")).await, bytes("1"));
}

async fn an_entry_ends_with_its_time_to_live(house: House) {
    house.cache.put("a", "1".into(), Duration::from_millis(40)).await;
    let deadline = Instant::now() + SOON;
    while house.cache.get("a").await.is_some() {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    assert_eq!(load(&house.cache, "a", Some("2")).await, bytes("2"));
}

async fn any_key_and_value_will_do(house: House) {
    let value = Bytes::from_iter((0..=255).cycle().take(100_000));
    for key in ["", "ключ\0\r\n* $ 的", &"k".repeat(10_000)] {
        house.cache.put(key, value.clone(), HOUR).await;
        assert_eq!(house.cache.get(key).await, Some(value.clone()));
    }
    house.cache.put("empty", Bytes::new(), HOUR).await;
    assert_eq!(house.cache.get("empty").await, Some(Bytes::new()));
}

async fn requests_are_counted(house: House) {
    load(&house.cache, "a", Some("1")).await;
    load(&house.cache, "a", Some("1")).await;
    load(&house.cache, "b", None).await;
    assert_eq!((house.count("memory", "hit"), house.count("memory", "miss")), (1, 2));
    assert_eq!((house.count("loader", "hit"), house.count("loader", "miss")), (1, 1));
    let redis = if house.redis.is_some() { 2 } else { 0 };
    assert_eq!((house.count("redis", "hit"), house.count("redis", "miss")), (0, redis));
}

#[tokio::test]
async fn replicas_share_what_redis_holds() {
    let house = House::with_redis();
    load(&house.cache, "a", Some("1")).await;
    assert_eq!(load(&house.replica(), "a", Some("2")).await, bytes("1"));
    assert_eq!(house.count("redis", "hit"), 1);
    let config = Config { prefix: "other:".into(), ..house.config.clone() };
    assert_eq!(House::with(config, None).cache.get("a").await, None);
}

#[tokio::test]
async fn a_replica_does_not_keep_an_entry_longer_than_redis() {
    let house = House::with_redis();
    let replica = house.replica();
    house.cache.put("a", "1".into(), Duration::from_millis(200)).await;
    assert_eq!(replica.get("a").await, bytes("1"));
    let read = Instant::now();
    while replica.get("a").await.is_some() {
        assert!(read.elapsed() < SOON, "the time to live in memory is 300 s");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn without_redis_the_loader_answers_and_redis_is_used_again_when_it_is_back() {
    let mut house = House::with_redis();
    house.redis.as_mut().unwrap().kill().unwrap();
    assert_eq!(load(&house.cache, "a", Some("1")).await, bytes("1"));
    assert_eq!(load(&house.cache, "b", Some("2")).await, bytes("2"));
    assert!(house.cache.remove("a").await.is_err(), "whether it is gone is not known");
    assert!(house.count("redis", "error") >= 2);
    house.redis.as_mut().unwrap().restart().unwrap();
    let deadline = Instant::now() + SOON;
    while house.count("redis", "miss") == 0 {
        assert!(Instant::now() < deadline, "redis is not used again");
        assert_eq!(house.cache.get("never put").await, None);
        tokio::task::yield_now().await;
    }
    house.cache.put("c", "3".into(), HOUR).await;
    assert_eq!(house.replica().get("c").await, bytes("3"));
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_timeout_not_each_time() {
    let house = House::with_redis();
    let redis = house.redis.as_ref().unwrap();
    redis.signal("STOP").unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(house.cache.get("a").await, None);
    }
    assert_eq!(load(&house.cache, "a", Some("1")).await, bytes("1"));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    redis.signal("CONT").unwrap();
}

#[tokio::test]
async fn a_cache_starts_without_redis() {
    let redis_url = Some(Secret::new("redis://127.0.0.1:1/"));
    let house = House::with(Config { redis_url, ..Config::default() }, None);
    let answer = timeout(SOON, load(&house.cache, "a", Some("1"))).await.unwrap();
    assert_eq!(answer, bytes("1"));
}

#[tokio::test]
async fn a_wrong_address_is_an_error_that_hides_the_password() {
    let redis_url = Some(Secret::new("http://user:hunter2@host"));
    let config = Config { redis_url, ..Config::default() };
    let meter = Meters::new("test").unwrap().meter();
    let error = Cache::connect(&config, &meter).unwrap_err().to_string();
    assert!(error.contains("redis_url") && !error.contains("hunter2"), "{error}");
}
