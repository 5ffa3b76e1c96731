//! The second level: Redis, as long as it answers in time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::time::{Instant, timeout};

use crate::{Config, Error};

/// After a failure Redis is left alone for this long, so that a dead server
/// costs each caller no more than now and then one timeout.
const REST: Duration = Duration::from_secs(1);

/// A connection that is made, and made again, when it is needed.
#[derive(Clone)]
pub(crate) struct RedisLevel {
    connection: ConnectionManager,
    prefix: String,
    timeout: Duration,
    /// Until when Redis is left alone; `None` if the last answer came.
    resting: Arc<Mutex<Option<Instant>>>,
}

impl RedisLevel {
    /// Connects to nothing yet.
    pub(crate) fn new(url: &str, config: &Config) -> Result<Self, Error> {
        // The error's text may hold the URL, and that a password.
        let client = redis::Client::open(url)
            .map_err(|_| Error::Config("redis_url is not of the form redis://host:port".into()))?;
        let wait = config.redis_timeout();
        let managed = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(wait))
            .set_response_timeout(Some(wait));
        let connection =
            ConnectionManager::new_lazy_with_config(client, managed).map_err(Arc::new)?;
        Ok(Self {
            connection,
            prefix: config.prefix.clone(),
            timeout: wait,
            resting: Arc::default(),
        })
    }

    /// The value with the time it has left.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<(Bytes, Duration)>, Error> {
        let key = self.key(key);
        let mut both = redis::pipe();
        both.get(&key).pttl(&key);
        let mut connection = self.connection.clone();
        let (value, left_ms): (Option<Vec<u8>>, i64) =
            self.ask(both.query_async(&mut connection)).await?;
        // -1: somebody else's entry without an end; -2: it ended in between.
        let left = u64::try_from(left_ms).ok().map(Duration::from_millis);
        Ok(value.map(Bytes::from).zip(left))
    }

    pub(crate) async fn put(&self, key: &str, value: &Bytes, ttl: Duration) -> Result<(), Error> {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
        let mut set = redis::cmd("SET");
        set.arg(self.key(key)).arg(value.as_ref()).arg("PX").arg(ttl_ms);
        let mut connection = self.connection.clone();
        self.ask(set.query_async(&mut connection)).await
    }

    pub(crate) async fn remove(&self, key: &str) -> Result<(), Error> {
        let mut del = redis::cmd("DEL");
        del.arg(self.key(key));
        let mut connection = self.connection.clone();
        self.ask(del.query_async(&mut connection)).await
    }

    /// Checks that the server answers.
    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let mut connection = self.connection.clone();
        self.ask(redis::cmd("PING").query_async(&mut connection)).await
    }

    /// Runs a script. It is sent whole only where the server does not know it.
    pub(crate) async fn call<T: redis::FromRedisValue>(
        &self,
        script: &redis::ScriptInvocation<'_>,
    ) -> Result<T, Error> {
        let mut connection = self.connection.clone();
        self.ask(script.invoke_async(&mut connection)).await
    }

    /// The number that is counted at `key`.
    pub(crate) async fn number(&self, key: &str) -> Result<Option<usize>, Error> {
        let mut get = redis::cmd("GET");
        get.arg(self.key(key));
        let mut connection = self.connection.clone();
        self.ask(get.query_async(&mut connection)).await
    }

    /// `key` as it stands in Redis.
    pub(crate) fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    async fn ask<T>(
        &self,
        answer: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, Error> {
        if self.resting().is_some_and(|until| Instant::now() < until) {
            return Err(Error::Resting);
        }
        let result = match timeout(self.timeout, answer).await {
            Ok(answer) => answer.map_err(|error| Error::Redis(Arc::new(error))),
            Err(_) => Err(Error::Timeout(self.timeout)),
        };
        self.note(result.as_ref().err());
        result
    }

    fn resting(&self) -> Option<Instant> {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a failure, and says once that it began and once that it ended.
    fn note(&self, error: Option<&Error>) {
        let rest = error.map(|_| Instant::now() + REST);
        let before = {
            let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *resting, rest)
        };
        match (before, error) {
            (None, Some(error)) => tracing::warn!(%error, "the cache continues without redis"),
            (Some(_), None) => tracing::info!("redis answers again"),
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
}

impl fmt::Debug for RedisLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLevel").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
