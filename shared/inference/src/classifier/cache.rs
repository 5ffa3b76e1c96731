//! The classifiers in memory. A classifier is loaded at its first use. The least recently used
//! ones are unloaded when another needs their memory. Written by hand, since `moka` can neither
//! lease nor pin an entry.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use opentelemetry::metrics::Meter;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task;

use super::classify::Classifier;
use super::config::{ClassifierConfig, NamedIn};
use super::files::{self, Located};
use super::metrics::{CacheMetrics, LoadOutcome};
use crate::Error;
use crate::device::host::ModelHost;
use crate::metrics::Metrics;

/// The configured classifiers by name, loaded on demand. Cheap to clone.
///
/// The loaded classifiers never take more than the configured megabytes, counted as the size of
/// their files times their sessions. A classifier in use is unloaded last, and leaves memory
/// when its last [`ClassifierLease`] is dropped. Until then, callers that need its memory wait.
#[derive(Clone)]
pub struct ClassifierCache {
    shared: Arc<Shared>,
}

struct Shared {
    configs: BTreeMap<String, ClassifierConfig>,
    host: ModelHost,
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

/// A classifier in use, which stays in memory until this value is dropped.
pub struct ClassifierLease(Arc<Loaded>);

impl Deref for ClassifierLease {
    type Target = Classifier;

    fn deref(&self) -> &Classifier {
        &self.0.classifier
    }
}

impl ClassifierCache {
    /// Makes a cache for `configs`. Nothing is loaded yet.
    ///
    /// # Errors
    /// [`Error::Config`] if a value is out of its range, or two classifiers have the same name.
    pub fn new(
        configs: Vec<ClassifierConfig>,
        capacity_mb: u32,
        host: ModelHost,
        meter: &Meter,
    ) -> Result<Self, Error> {
        let mut by_name = BTreeMap::new();
        for config in configs {
            config.validate()?;
            if let Some(twice) = by_name.insert(config.name.clone(), config) {
                return Err(twice.wrong(
                    NamedIn::Classifiers,
                    "name",
                    "is given to two classifiers",
                ));
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

    /// Returns the configuration of the classifier `name`.
    pub fn config(&self, name: &str) -> Option<&ClassifierConfig> {
        self.shared.configs.get(name)
    }

    /// Returns all configurations, sorted by name.
    pub fn configs(&self) -> impl Iterator<Item = &ClassifierConfig> {
        self.shared.configs.values()
    }

    /// Returns the names of the classifiers in memory.
    pub fn loaded(&self) -> Vec<String> {
        self.shared.kept().loaded.keys().cloned().collect()
    }

    /// Returns a classifier for use. If it is not in memory, it is loaded once, even for
    /// several concurrent callers. A load that has begun is finished even if no caller waits
    /// for it any more.
    ///
    /// # Errors
    /// [`Error::NoClassifier`], [`Error::TooLarge`], or an error of loading.
    pub async fn get(&self, name: &str) -> Result<ClassifierLease, Error> {
        let config = self.config(name).ok_or_else(|| self.shared.unknown(name))?.clone();
        let found = self.get_or_load(config).await;
        if found.is_err() {
            self.shared.cache_metrics.request(LoadOutcome::Failed);
        }
        found
    }

    async fn get_or_load(&self, config: ClassifierConfig) -> Result<ClassifierLease, Error> {
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
            let located = files::locate(&config, NamedIn::Classifiers, &shared.host)?;
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
    fn use_again(&self, name: &str) -> Option<ClassifierLease> {
        let mut kept = self.kept();
        kept.uses += 1;
        let used = kept.uses;
        let entry = kept.loaded.get_mut(name)?;
        entry.used = used;
        self.cache_metrics.request(LoadOutcome::Hit);
        Some(ClassifierLease(Arc::clone(&entry.loaded)))
    }

    fn load(
        &self,
        config: &ClassifierConfig,
        located: Located,
        room: OwnedSemaphorePermit,
        turn: OwnedMutexGuard<()>,
    ) -> Result<ClassifierLease, Error> {
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
        self.cache_metrics.request(LoadOutcome::Loaded);
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
        Ok(ClassifierLease(loaded))
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
        tracing::info!(classifier = name, "unloaded a classifier because another needs its memory");
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
