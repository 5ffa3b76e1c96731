//! The handle.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use opentelemetry::metrics::Meter;

use crate::memory::{self, CachedValue, Memory};
use crate::metrics::{CacheLevel, LookupOutcome, Metrics};
use crate::redis_level::RedisLevel;
use crate::{Config, Error};

/// A cache. Clones share it.
#[derive(Clone, Debug)]
pub struct Cache {
    memory: Memory,
    redis: Option<RedisLevel>,
    metrics: Metrics,
    ttl: Duration,
    redis_ttl: Duration,
    missing_ttl: Duration,
}

impl Cache {
    /// Makes a cache in this process only, even if `config.redis_url` is set.
    pub fn memory(config: &Config, meter: &Meter) -> Self {
        Self {
            memory: memory::build(config),
            redis: None,
            metrics: Metrics::new(meter),
            ttl: config.ttl(),
            redis_ttl: config.redis_ttl(),
            missing_ttl: config.missing_ttl(),
        }
    }

    /// Makes a cache that also uses Redis if `config.redis_url` is set. Redis need not be
    /// running: the cache uses it whenever it answers.
    ///
    /// # Errors
    /// [`Error::Config`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn connect(config: &Config, meter: &Meter) -> Result<Self, Error> {
        config.validate()?;
        let url = config.redis_url.as_ref();
        let redis = url.map(|url| RedisLevel::new(url.reveal(), config)).transpose()?;
        Ok(Self { redis, ..Self::memory(config, meter) })
    }

    /// Returns the value of `key`, if memory or Redis holds it.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        if let Some(entry) = self.remembered(key).await {
            return entry.value;
        }
        let entry = self.read_redis(key).await?;
        self.memory.insert(key.to_owned(), entry.clone()).await;
        entry.value
    }

    /// Stores a value for at most `ttl`, in memory and in Redis.
    pub async fn put(&self, key: &str, value: Bytes, ttl: Duration) {
        self.write_redis(key, &value, ttl).await;
        let entry = CachedValue { value: Some(value), ttl: ttl.min(self.ttl) };
        self.memory.insert(key.to_owned(), entry).await;
    }

    /// Returns the value of `key`. If no level holds it, returns the result of `load` and
    /// stores it. Of concurrent callers with the same key, one loads and all get its result.
    ///
    /// `load` returns `None` if the item does not exist. The cache remembers this for
    /// `missing_ttl_s`.
    ///
    /// # Errors
    /// The error of `load`. Nothing is stored.
    pub async fn get_or_load<E: Send + Sync + 'static>(
        &self,
        key: &str,
        load: impl Future<Output = Result<Option<Bytes>, E>>,
    ) -> Result<Option<Bytes>, Arc<E>> {
        if let Some(entry) = self.remembered(key).await {
            return Ok(entry.value);
        }
        let entry = self.memory.try_get_with(key.to_owned(), async {
            match self.read_redis(key).await {
                Some(entry) => Ok(entry),
                None => self.loaded(key, load).await,
            }
        });
        Ok(entry.await?.value)
    }

    /// Removes `key` from memory and Redis. Other processes may keep it for up to `ttl_s`.
    ///
    /// # Errors
    /// If Redis may still hold it.
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        let removed = match &self.redis {
            Some(redis) => redis.remove(key).await,
            None => Ok(()),
        };
        self.memory.invalidate(key).await;
        removed
    }

    /// Checks that Redis answers. Returns false if none is configured.
    ///
    /// # Errors
    /// If Redis does not answer in time, or refuses.
    pub async fn ping(&self) -> Result<bool, Error> {
        match &self.redis {
            Some(redis) => redis.ping().await.map(|()| true),
            None => Ok(false),
        }
    }

    pub(crate) fn redis(&self) -> Option<&RedisLevel> {
        self.redis.as_ref()
    }

    async fn remembered(&self, key: &str) -> Option<CachedValue> {
        let entry = self.memory.get(key).await;
        let outcome = if entry.is_some() { LookupOutcome::Hit } else { LookupOutcome::Miss };
        self.metrics.request(CacheLevel::Memory, outcome);
        entry
    }

    async fn read_redis(&self, key: &str) -> Option<CachedValue> {
        // A failure was logged where it was met; the loader answers instead.
        let (outcome, entry) = match self.redis.as_ref()?.get(key).await {
            Ok(Some((value, left))) => {
                let entry = CachedValue { value: Some(value), ttl: left.min(self.ttl) };
                (LookupOutcome::Hit, Some(entry))
            }
            Ok(None) => (LookupOutcome::Miss, None),
            Err(_) => (LookupOutcome::Error, None),
        };
        self.metrics.request(CacheLevel::Redis, outcome);
        entry
    }

    async fn write_redis(&self, key: &str, value: &Bytes, ttl: Duration) {
        let Some(redis) = &self.redis else { return };
        if redis.put(key, value, ttl).await.is_err() {
            self.metrics.request(CacheLevel::Redis, LookupOutcome::Error);
        }
    }

    async fn loaded<E>(
        &self,
        key: &str,
        load: impl Future<Output = Result<Option<Bytes>, E>>,
    ) -> Result<CachedValue, E> {
        let value = load.await.inspect_err(|_| {
            self.metrics.request(CacheLevel::Loader, LookupOutcome::Error);
        })?;
        let Some(value) = value else {
            self.metrics.request(CacheLevel::Loader, LookupOutcome::Miss);
            return Ok(CachedValue { value: None, ttl: self.missing_ttl });
        };
        self.metrics.request(CacheLevel::Loader, LookupOutcome::Hit);
        self.write_redis(key, &value, self.redis_ttl).await;
        Ok(CachedValue { value: Some(value), ttl: self.ttl })
    }
}
