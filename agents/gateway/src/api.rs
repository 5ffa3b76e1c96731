//! The requests that the gateway answers. HTTP and MCP are two interfaces to them.

pub(crate) mod articles;
pub(crate) mod counts;
mod cursor;
mod dead_letters;
pub(crate) mod decision;
pub(crate) mod decisions;
mod deletions;
mod entry;
pub(crate) mod events;
pub(crate) mod export;
mod feed;
pub(crate) mod feeds;
mod idempotency;
pub(crate) mod outlets;
mod passage;
pub(crate) mod search;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod view;
pub(crate) mod words;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock};

use courant_article::ModelRef;
use courant_bus::Bus;
use courant_cache::Cache;
use courant_embedder_client::EmbedderClient;
use courant_search::Search;
use courant_service::Control;
use courant_store::Store;
use courant_telemetry::Clock;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::pressure::IntakeStatus;

/// The one core behind both faces. Clones share everything.
#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Config,
    pub(crate) bus: Bus,
    pub(crate) embedder: EmbedderClient,
    pub(crate) store: Store,
    pub(crate) search: Search,
    pub(crate) cache: Cache,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    /// The last look at queues, disk and store.
    pub(crate) standing: watch::Receiver<IntakeStatus>,
    /// Places for submissions that wait for their decision.
    pub(crate) waiting: Semaphore,
    /// One permit for each processor. A submitted page holds one while it is read.
    pub(crate) cores: Semaphore,
    /// Places for clients that listen to events.
    pub(crate) listeners: Arc<Semaphore>,
    /// Tells submissions of the same millisecond apart.
    pub(crate) submissions: AtomicU64,
    /// The encoder that answered last.
    pub(crate) model: Mutex<Option<ModelRef>>,
    /// The agents of this process, for the status.
    pub(crate) agents: OnceLock<Vec<Control>>,
    /// The sections of the configuration in force, without secrets.
    pub(crate) configuration: OnceLock<Map<String, Value>>,
}

impl Api {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

impl std::ops::Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
