//! The state of the pipeline.

use courant_api::status::{AgentView, IndexView, PressureView, QueueView, Status, Stored};
use courant_bus::{QueueStatus, Stage};
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use courant_search::IndexState;
use courant_store::StoreCounts;

use super::Api;
use crate::error::ApiError;

fn index_view(state: &IndexState) -> IndexView {
    IndexView {
        articles: state.articles,
        change: state.change,
        store_change: state.store_change,
        rebuilding: state.is_rebuilding,
    }
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
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pressure: pressure_view(&self.standing.borrow().pressure),
            queues: queues?.into_iter().map(queue_view).collect(),
            stored: stored_counts(&stored?),
            index: index_view(&self.search.state()),
            feeds: feeds?,
            model: model.map(Into::into),
            agents: self
                .agents
                .get()
                .into_iter()
                .flatten()
                .map(|agent| agent_view(agent.status()))
                .collect(),
        })
    }
}

fn pressure_view(pressure: &v1::Pressure) -> PressureView {
    let level = match pressure.level() {
        Level::Unspecified | Level::None => "none",
        Level::Slow => "slow",
        Level::Stop => "stop",
    };
    let suggested_rate = pressure.suggested_rate;
    PressureView { level: level.to_owned(), reason: pressure.reason.clone(), suggested_rate }
}

fn queue_view(queue: QueueStatus) -> QueueView {
    QueueView {
        stage: queue.is_work().then(|| names(&queue.stages)),
        stream: queue.stream,
        depth: queue.depth,
        in_flight: queue.in_flight,
        redelivered: queue.redelivered,
        oldest_age_s: queue.oldest_age.map(|age| age.as_secs_f64()),
        fullness: queue.fullness,
    }
}

fn names(stages: &[Stage]) -> String {
    let names: Vec<&str> = stages.iter().map(|stage| stage.as_str()).collect();
    names.join(",")
}

fn stored_counts(counts: &StoreCounts) -> Stored {
    Stored { articles: counts.articles, fingerprints: counts.fingerprints, visits: counts.visits }
}

fn agent_view(status: v1::AgentStatus) -> AgentView {
    let state = status.state().as_str_name().trim_start_matches("AGENT_STATE_");
    AgentView {
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
