//! The state of the pipeline.

use courant_bus::{QueueStatus, Stage};
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use courant_search::IndexState;
use courant_store::StoreCounts;
use schemars::JsonSchema;
use serde::Serialize;

use super::Api;
use super::feeds::FeedsView;
use super::view::ModelView;
use crate::error::ApiError;

/// The state of the pipeline.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Status {
    pub(crate) version: &'static str,
    pub(crate) pressure: PressureView,
    /// The work queues in the article's order, then events and dead letters.
    pub(crate) queues: Vec<QueueView>,
    pub(crate) stored: Stored,
    /// The search index of the gateway that answers.
    pub(crate) index: IndexView,
    /// The health of what the crawler follows, whichever process it runs in.
    pub(crate) feeds: FeedsView,
    /// The encoder that answers queries; null while none does.
    pub(crate) model: Option<ModelView>,
    /// The agents of this process.
    pub(crate) agents: Vec<AgentView>,
}

/// The pace that publishers are asked to keep.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PressureView {
    /// `none`, `slow` or `stop`.
    pub(crate) level: &'static str,
    pub(crate) reason: String,
    /// Entries per second.
    pub(crate) suggested_rate: f64,
}

/// The contents of one stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct QueueView {
    pub(crate) stream: String,
    /// Who works on it, several with commas between; null for events and dead letters.
    pub(crate) stage: Option<String>,
    /// Messages held, with those in flight.
    pub(crate) depth: u64,
    pub(crate) in_flight: u64,
    pub(crate) redelivered: u64,
    /// Age of the oldest message, seconds; null where it is empty.
    pub(crate) oldest_age_s: Option<f64>,
    /// Share of its limits, 0 to 1.
    pub(crate) fullness: f64,
}

/// The amounts that are stored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Stored {
    pub(crate) articles: u64,
    /// URLs judged.
    pub(crate) fingerprints: u64,
    /// URLs fetched by the crawler.
    pub(crate) visits: u64,
}

/// A search index beside its store.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct IndexView {
    /// Articles that can be found.
    pub(crate) articles: u64,
    /// The number of the last change that can be found, and that of the store's last one.
    pub(crate) change: i64,
    pub(crate) store_change: i64,
    /// True if the index is being made.
    pub(crate) rebuilding: bool,
}

impl From<IndexState> for IndexView {
    fn from(state: IndexState) -> Self {
        Self {
            articles: state.articles,
            change: state.change,
            store_change: state.store_change,
            rebuilding: state.is_rebuilding,
        }
    }
}

/// One agent of this process.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AgentView {
    pub(crate) agent: String,
    /// `starting`, `running`, `paused`, `draining` or `stopped`.
    pub(crate) state: String,
    pub(crate) uptime_s: f64,
    pub(crate) in_flight: u64,
    pub(crate) succeeded: u64,
    pub(crate) retried: u64,
    pub(crate) discarded: u64,
    pub(crate) details: std::collections::BTreeMap<String, String>,
}

impl Api {
    /// Returns the state of the pipeline now.
    pub(crate) async fn status(&self) -> Result<Status, ApiError> {
        let (queues, stored, feeds, model) = tokio::join!(
            self.bus.queues(),
            self.store.counts(),
            Box::pin(self.source_health()),
            self.model()
        );
        Ok(Status {
            version: env!("CARGO_PKG_VERSION"),
            pressure: PressureView::from(&self.standing.borrow().pressure),
            queues: queues?.into_iter().map(Into::into).collect(),
            stored: stored?.into(),
            index: self.search.state().into(),
            feeds: feeds?,
            model: model.map(Into::into),
            agents: self.agents.get().into_iter().flatten().map(|a| a.status().into()).collect(),
        })
    }
}

impl From<&v1::Pressure> for PressureView {
    fn from(pressure: &v1::Pressure) -> Self {
        let level = match pressure.level() {
            Level::Unspecified | Level::None => "none",
            Level::Slow => "slow",
            Level::Stop => "stop",
        };
        let suggested_rate = pressure.suggested_rate;
        Self { level, reason: pressure.reason.clone(), suggested_rate }
    }
}

impl From<QueueStatus> for QueueView {
    fn from(queue: QueueStatus) -> Self {
        Self {
            stage: queue.is_work().then(|| names(&queue.stages)),
            stream: queue.stream,
            depth: queue.depth,
            in_flight: queue.in_flight,
            redelivered: queue.redelivered,
            oldest_age_s: queue.oldest_age.map(|age| age.as_secs_f64()),
            fullness: queue.fullness,
        }
    }
}

fn names(stages: &[Stage]) -> String {
    let names: Vec<&str> = stages.iter().map(|stage| stage.as_str()).collect();
    names.join(",")
}

impl From<StoreCounts> for Stored {
    fn from(counts: StoreCounts) -> Self {
        Self { articles: counts.articles, fingerprints: counts.fingerprints, visits: counts.visits }
    }
}

impl From<v1::AgentStatus> for AgentView {
    fn from(status: v1::AgentStatus) -> Self {
        let state = status.state().as_str_name().trim_start_matches("AGENT_STATE_");
        Self {
            state: state.to_lowercase(),
            agent: status.agent,
            uptime_s: status.uptime_seconds,
            in_flight: status.in_flight,
            succeeded: status.succeeded,
            retried: status.retried,
            discarded: status.discarded,
            details: status.details.into_iter().collect(),
        }
    }
}
