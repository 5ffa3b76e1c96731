//! The requests that the gateway answers. HTTP and MCP are two interfaces to them.

pub(crate) mod articles;
pub(crate) mod counts;
mod cursor;
mod dead_letters;
pub(crate) mod decision;
pub(crate) mod decisions;
mod deletions;
pub(crate) mod events;
pub(crate) mod export;
mod feed;
pub(crate) mod feeds;
mod idempotency;
pub(crate) mod outlets;
mod passage;
mod rerank;
pub(crate) mod search;
pub(crate) mod sources;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod view;
pub(crate) mod words;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use courant_article::ModelRef;
use courant_bus::Bus;
use courant_cache::Cache;
use courant_door::SubmissionReader;
use courant_door::pressure::IntakeStatus;
use courant_embedder_client::EmbedderClient;
use courant_search::Search;
use courant_service::Control;
use courant_store::Store;
use courant_telemetry::Clock;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};

use crate::config::Config;
use crate::metrics::Metrics;

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
    /// Places for clients that listen to events.
    pub(crate) listeners: Arc<Semaphore>,
    /// Reads submissions into entries.
    pub(crate) reader: SubmissionReader,
    /// True if a cross-encoder ranks the best results of a search anew.
    pub(crate) reranks: AtomicBool,
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
