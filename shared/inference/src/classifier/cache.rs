//! Classifiers in memory: loaded when they are first asked for, the least recently
//! used ones given up where another needs their room.
//! Written by hand, since `moka` can neither lease nor pin an entry.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry::metrics::Meter;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task;

use super::classify::Classifier;
use super::config::ClassifierConfig;
use super::files::{self, Located};
use super::metrics::{CacheMetrics, Outcome};
use crate::Error;
use crate::device::host::Host;
use crate::metrics::Metrics;

/// The configured classifiers by name; cheap to clone.
///
/// The loaded ones never take more than the configured megabytes, counted as the
/// files' size times the sessions. A classifier in use is given up last, and leaves
/// memory when the last [`Lease`] on it has gone; until then whoever needs its room
/// waits.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
}

struct Shared {
    configs: BTreeMap<String, ClassifierConfig>,
    host: Host,
    capacity_mb: u32,
    /// One permit per megabyte.
    room: Arc<Semaphore>,
    /// Held by whoever loads: each is loaded once, and none takes the room that
    /// another has made.
    loading: Arc<AsyncMutex<()>>,
    kept: Mutex<Kept>,
    cache_metrics: CacheMetrics,
    metrics: Metrics,
}

#[derive(Default)]
struct Kept {
    loaded: BTreeMap<String, Entry>,
    uses: u64,
}

struct Entry {
    loaded: Arc<Loaded>,
    /// The number of its last use.
    used: u64,
}

/// The classifier leaves before its room is given back.
struct Loaded {
    classifier: Classifier,
    _room: OwnedSemaphorePermit,
}

/// A classifier in use.
pub struct Lease(Arc<Loaded>);

impl Deref for Lease {
    type Target = Classifier;

    fn deref(&self) -> &Classifier {
        &self.0.classifier
    }
}

impl Models {
    /// Knows `configs`; nothing is loaded yet.
    ///
    /// # Errors
    /// [`Error::Config`] where a value is out of its range or two have one name.
    pub fn new(
        configs: Vec<ClassifierConfig>,
        capacity_mb: u32,
        host: Host,
        meter: &Meter,
    ) -> Result<Self, Error> {
        let mut by_name = BTreeMap::new();
        for config in configs {
            config.validate()?;
            if let Some(twice) = by_name.insert(config.name.clone(), config) {
                return Err(twice.wrong("name", "is given to two classifiers"));
            }
        }
        let shared = Shared {
            configs: by_name,
            host,
            capacity_mb,
            room: Arc::new(Semaphore::new(capacity_mb as usize)),
            loading: Arc::default(),
            kept: Mutex::default(),
            cache_metrics: CacheMetrics::new(meter),
            metrics: Metrics::of_classifiers(meter),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The configuration of the classifier `name`.
    pub fn config(&self, name: &str) -> Option<&ClassifierConfig> {
        self.shared.configs.get(name)
    }

    /// All of them, by name.
    pub fn configs(&self) -> impl Iterator<Item = &ClassifierConfig> {
        self.shared.configs.values()
    }

    /// The names of those that are in memory.
    pub fn loaded(&self) -> Vec<String> {
        self.shared.kept().loaded.keys().cloned().collect()
    }

    /// A classifier to use; loads it where it is not in memory, once however many ask.
    /// A load that has begun is finished even if nobody waits for it any more.
    ///
    /// # Errors
    /// [`Error::NoClassifier`], [`Error::TooLarge`], or why it cannot be loaded.
    pub async fn get(&self, name: &str) -> Result<Lease, Error> {
        let config = self.config(name).ok_or_else(|| self.shared.unknown(name))?.clone();
        let found = self.get_or_load(config).await;
        if found.is_err() {
            self.shared.cache_metrics.request(Outcome::Failed);
        }
        found
    }

    async fn get_or_load(&self, config: ClassifierConfig) -> Result<Lease, Error> {
        if let Some(lease) = self.shared.use_again(&config.name) {
            return Ok(lease);
        }
        let turn = Arc::clone(&self.shared.loading).lock_owned().await;
        if let Some(lease) = self.shared.use_again(&config.name) {
            return Ok(lease);
        }
        let (located, needed) = self.locate(config.clone()).await?;
        let room = self.make_room(needed).await?;
        let shared = Arc::clone(&self.shared);
        let load = move || shared.load(&config, located, room, turn);
        task::spawn_blocking(load).await.map_err(|_| Error::Stopped)?
    }

    /// A classifier's files, and the megabytes that it needs.
    async fn locate(&self, config: ClassifierConfig) -> Result<(Located, u32), Error> {
        let shared = Arc::clone(&self.shared);
        let locate = move || {
            let located = files::locate(&config, &shared.host)?;
            let bytes = located.model.size_bytes()?.saturating_mul(config.sessions as u64);
            let needed = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
            if needed > shared.capacity_mb {
                let (name, capacity) = (config.name, shared.capacity_mb);
                return Err(Error::TooLarge { name, needed, capacity });
            }
            Ok((located, needed))
        };
        task::spawn_blocking(locate).await.map_err(|_| Error::Stopped)?
    }

    /// Gives up the least recently used until there is room, and waits for what is in
    /// use. Nothing is loaded meanwhile: the turn is the caller's.
    async fn make_room(&self, needed: u32) -> Result<OwnedSemaphorePermit, Error> {
        while self.shared.room.available_permits() < needed as usize {
            let Some(given_up) = self.shared.give_up() else { break };
            // Its threads are joined, if nobody uses it.
            task::spawn_blocking(move || drop(given_up)).await.map_err(|_| Error::Stopped)?;
        }
        let room = Arc::clone(&self.shared.room).acquire_many_owned(needed).await;
        room.map_err(|_| Error::Stopped)
    }
}

impl Shared {
    fn use_again(&self, name: &str) -> Option<Lease> {
        let mut kept = self.kept();
        kept.uses += 1;
        let used = kept.uses;
        let entry = kept.loaded.get_mut(name)?;
        entry.used = used;
        self.cache_metrics.request(Outcome::Hit);
        Some(Lease(Arc::clone(&entry.loaded)))
    }

    fn load(
        &self,
        config: &ClassifierConfig,
        located: Located,
        room: OwnedSemaphorePermit,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Lease, Error> {
        let start = Instant::now();
        let classifier = Classifier::load(config, located, &self.host, &self.metrics)?;
        let took = start.elapsed();
        let model = classifier.model();
        tracing::info!(
            classifier = config.name,
            model = model.name,
            version = model.version,
            provider = model.provider,
            took_ms = took.as_millis(),
            "loaded the classifier"
        );
        self.cache_metrics.request(Outcome::Loaded);
        self.cache_metrics.loaded(took);
        let taken = u64::from(self.capacity_mb) - self.room.available_permits() as u64;
        self.cache_metrics.memory(taken << 20);
        let loaded = Arc::new(Loaded { classifier, _room: room });
        let mut kept = self.kept();
        kept.uses += 1;
        let entry = Entry { loaded: Arc::clone(&loaded), used: kept.uses };
        kept.loaded.insert(config.name.clone(), entry);
        drop(kept);
        drop(turn);
        Ok(Lease(loaded))
    }

    /// Takes out the least recently used one; of those in use only where all are.
    fn give_up(&self) -> Option<Arc<Loaded>> {
        let mut kept = self.kept();
        let in_use = |entry: &Entry| Arc::strong_count(&entry.loaded) > 1;
        let least = kept.loaded.iter().min_by_key(|(_, entry)| (in_use(entry), entry.used));
        let name = least.map(|(name, _)| name.clone())?;
        let entry = kept.loaded.remove(&name)?;
        drop(kept);
        self.cache_metrics.evicted();
        tracing::info!(classifier = name, "gave up the classifier: another needs its memory");
        Some(entry.loaded)
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<&str> = self.configs.keys().map(String::as_str).collect();
        Error::NoClassifier { name: name.to_owned(), known: known.join(", ") }
    }

    /// No panic of ours can leave the map half-changed.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
