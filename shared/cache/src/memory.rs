//! The first level: bounded by bytes and by entries, each entry with a time to
//! live of its own.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use bytes::Bytes;
use moka::Expiry;
use moka::future::Cache;

use crate::Config;

/// The approximate size of an entry without its key and value.
const OVERHEAD_BYTES: u64 = 200;
/// Lives differ by up to this share, so that entries of one moment do not all
/// end in one moment.
const JITTER: f64 = 0.1;

/// The cached result for a key.
#[derive(Clone, Debug)]
pub(crate) struct CachedValue {
    /// `None`: there is no such thing.
    pub(crate) value: Option<Bytes>,
    pub(crate) ttl: Duration,
}

pub(crate) type Memory = Cache<String, CachedValue>;

pub(crate) fn build(config: &Config) -> Memory {
    // No entry weighs less than its share, so that both bounds are one.
    let share = config.max_bytes.div_ceil(config.entries);
    let weigh = move |key: &String, entry: &CachedValue| {
        let value = entry.value.as_ref().map_or(0, Bytes::len);
        let size_bytes = (key.len() + value) as u64 + OVERHEAD_BYTES;
        u32::try_from(size_bytes.max(share)).unwrap_or(u32::MAX)
    };
    Cache::builder()
        .max_capacity(config.max_bytes)
        .weigher(weigh)
        .expire_after(Lifetime { random: RandomState::new() })
        .build()
}

struct Lifetime {
    random: RandomState,
}

impl Lifetime {
    fn of(&self, key: &str, entry: &CachedValue) -> Duration {
        let share = self.random.hash_one(key) as f64 / u64::MAX as f64;
        entry.ttl.mul_f64(1.0 + JITTER * (2.0 * share - 1.0))
    }
}

impl Expiry<String, CachedValue> for Lifetime {
    fn expire_after_create(
        &self,
        key: &String,
        entry: &CachedValue,
        _: Instant,
    ) -> Option<Duration> {
        Some(self.of(key, entry))
    }

    fn expire_after_update(
        &self,
        key: &String,
        entry: &CachedValue,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(self.of(key, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: usize) -> CachedValue {
        CachedValue { value: Some(vec![0; size].into()), ttl: Duration::from_secs(100) }
    }

    async fn filled(config: &Config, count: usize, size: usize) -> Memory {
        let memory = build(config);
        for number in 0..count {
            memory.insert(format!("key {number}"), entry(size)).await;
            memory.run_pending_tasks().await;
        }
        memory
    }

    #[tokio::test]
    async fn entries_and_bytes_are_bounded() {
        let config = Config { entries: 10, max_bytes: 1024 * 1024, ..Config::default() };
        let many = filled(&config, 100, 1).await;
        assert!((1..=10).contains(&many.entry_count()), "{}", many.entry_count());
        let large = filled(&config, 100, 300_000).await;
        assert!((1..=3).contains(&large.entry_count()), "{}", large.entry_count());
    }

    #[test]
    fn lives_differ_by_a_tenth_at_most() {
        let lifetime = Lifetime { random: RandomState::new() };
        let lives: Vec<f64> =
            (0..1000).map(|n| lifetime.of(&n.to_string(), &entry(1)).as_secs_f64()).collect();
        assert!(lives.iter().all(|life| (90.0..=110.0).contains(life)));
        assert!(lives.iter().any(|life| *life < 95.0) && lives.iter().any(|life| *life > 105.0));
    }
}
