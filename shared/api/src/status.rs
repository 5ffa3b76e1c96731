//! The state of the pipeline.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::feeds::FeedsView;
use crate::model::ModelView;

/// The state of the pipeline.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// The version of Courant.
    pub version: String,
    /// The pace that publishers are asked to keep.
    pub pressure: PressureView,
    /// The work queues in the article's order, then events and dead letters.
    pub queues: Vec<QueueView>,
    /// The amounts that are stored.
    pub stored: Stored,
    /// The search index of the gateway that answers.
    pub index: IndexView,
    /// The health of what the crawler follows, whichever process it runs in.
    pub feeds: FeedsView,
    /// The encoder that answers queries; null while none does.
    pub model: Option<ModelView>,
    /// The agents of this process.
    pub agents: Vec<AgentView>,
}

/// The pace that publishers are asked to keep.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PressureView {
    /// `none`, `slow` or `stop`.
    pub level: String,
    /// The cause, for people; empty if there is none.
    pub reason: String,
    /// Entries per second.
    pub suggested_rate: f64,
}

/// The contents of one stream.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QueueView {
    /// The name of the stream.
    pub stream: String,
    /// Who works on it, several with commas between; null for events and dead letters.
    pub stage: Option<String>,
    /// Messages held, with those in flight.
    pub depth: u64,
    /// Messages that somebody works on.
    pub in_flight: u64,
    /// Messages that were delivered more than once.
    pub redelivered: u64,
    /// Age of the oldest message, seconds; null where it is empty.
    pub oldest_age_s: Option<f64>,
    /// Share of its limits, 0 to 1.
    pub fullness: f64,
}

/// The amounts that are stored.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Stored {
    /// Articles.
    pub articles: u64,
    /// URLs judged.
    pub fingerprints: u64,
    /// URLs fetched by the crawler.
    pub visits: u64,
}

/// A search index beside its store.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IndexView {
    /// Articles that can be found.
    pub articles: u64,
    /// The number of the last change that can be found, and that of the store's last one.
    pub change: i64,
    /// The number of the store's last change.
    pub store_change: i64,
    /// True if the index is being made.
    pub rebuilding: bool,
}

/// One agent of this process.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentView {
    /// The name of the agent.
    pub agent: String,
    /// `starting`, `running`, `paused`, `draining` or `stopped`.
    pub state: String,
    /// Seconds since its start.
    pub uptime_s: f64,
    /// Messages that it works on.
    pub in_flight: u64,
    /// Messages that it handled.
    pub succeeded: u64,
    /// Messages that it gave back, to be tried again.
    pub retried: u64,
    /// Messages that it gave up.
    pub discarded: u64,
    /// Further figures by their names.
    pub details: BTreeMap<String, String>,
}
