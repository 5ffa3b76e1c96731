//! The state of the pipeline, with a verdict.

use courant_api::ModelView;
use courant_api::feeds::FeedsView;
use courant_api::status::{AgentView, IndexView, PressureView, QueueView, Status, Stored};
use courant_mcp::answer::result;
use courant_mcp::budget::{Form, ResponseFormat};
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::error::ApiError;

/// A message that waits longer, in seconds, waits too long.
const OLD_MESSAGE_S: f64 = 600.0;
/// The stream of the messages that could not be handled.
const DEAD_LETTERS: &str = "DLQ";
/// Failing sources that a concise status names.
const CONCISE_SOURCES: usize = 3;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct PipelineStatus {
    #[serde(default)]
    response_format: ResponseFormat,
}

/// The state of the pipeline.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::mcp) struct StatusView {
    /// True if there are no problems.
    well: bool,
    problems: Vec<String>,
    version: String,
    pressure: PressureView,
    queues: Vec<QueueView>,
    stored: Stored,
    index: IndexView,
    feeds: FeedsView,
    model: Option<ModelView>,
    agents: Vec<AgentView>,
}

/// Answers with the state of the pipeline; a concise one without empty queues and details.
pub(super) async fn answer(
    api: &Api,
    arguments: PipelineStatus,
) -> Result<CallToolResult, ApiError> {
    let mut status = api.status().await?;
    let problems = problems(&status);
    let format = arguments.response_format;
    if !format.is_detailed() {
        status.queues.retain(|queue| queue.depth > 0);
        status.feeds.worst.truncate(CONCISE_SOURCES);
        status.agents.iter_mut().for_each(|agent| agent.details.clear());
    }
    let view = StatusView {
        well: problems.is_empty(),
        problems,
        version: status.version,
        pressure: status.pressure,
        queues: status.queues,
        stored: status.stored,
        index: status.index,
        feeds: status.feeds,
        model: status.model,
        agents: status.agents,
    };
    Ok(result(&view, format, Form::Structured)?)
}

fn problems(status: &Status) -> Vec<String> {
    let mut problems = Vec::new();
    let pressure = &status.pressure;
    if pressure.level != "none" {
        problems.push(format!("intake is asked to {}: {}", pressure.level, pressure.reason));
    }
    problems.extend(status.queues.iter().filter_map(queue_problem));
    let index = &status.index;
    if index.rebuilding {
        let missing = index.store_change.saturating_sub(index.change);
        problems.push(format!("the search index is being made; {missing} changes are missing"));
    }
    if status.feeds.failing > 0 {
        let feeds = &status.feeds;
        problems.push(format!("{} of {} sources fail", feeds.failing, feeds.followed));
    }
    if status.model.is_none() {
        problems.push("no embedder answers: searches go by words alone".to_owned());
    }
    let is_at_work = |agent: &&AgentView| matches!(agent.state.as_str(), "running" | "starting");
    let idle = status.agents.iter().filter(|agent| !is_at_work(agent));
    problems.extend(idle.map(|agent| format!("{} is {}", agent.agent, agent.state)));
    problems
}

fn queue_problem(queue: &QueueView) -> Option<String> {
    let name = &queue.stream;
    if queue.depth == 0 {
        return None;
    }
    if name.ends_with(DEAD_LETTERS) {
        return Some(format!("{} messages could not be handled (dead letters)", queue.depth));
    }
    let age = queue.oldest_age_s.filter(|age| queue.stage.is_some() && *age > OLD_MESSAGE_S)?;
    Some(format!("the oldest of {} messages in {name} waits {age:.0} s", queue.depth))
}
