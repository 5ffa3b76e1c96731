//! The sources that are followed.

use courant_api::feeds::FeedView;
use courant_mcp::answer::{MAX_CHARS, checked_limit, quoted};
use courant_mcp::budget::{Budget, Form, ResponseFormat};
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::error::ApiError;

/// Sources in one answer, if the call names no number, and at most.
const DEFAULT_SOURCES: usize = 20;
const MAX_SOURCES: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ListSources {
    /// Only those whose last look failed, at most 20, the worst first.
    #[serde(default)]
    failing: bool,
    /// `next` of the answer before.
    #[serde(default)]
    after: String,
    /// 1 to 100; 20 if absent.
    limit: Option<usize>,
    #[serde(default)]
    response_format: ResponseFormat,
}

/// Lists all sources by their addresses, or the failing ones: as many as the budget holds.
pub(super) async fn answer(api: &Api, arguments: ListSources) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    let limit = checked_limit(arguments.limit, DEFAULT_SOURCES, MAX_SOURCES)?;
    let health = api.source_health().await?;
    let (mut feeds, mut next) = if arguments.failing {
        (health.worst, None)
    } else {
        let page = api.feeds(&arguments.after, limit).await?;
        (page.feeds, page.next)
    };
    feeds.truncate(limit);
    let budget = Budget::new(format, Form::Text);
    loop {
        let shown: Vec<Value> = feeds.iter().map(|feed| source(feed, format)).collect();
        let view = json!({
            "followed": health.followed,
            "failing": health.failing,
            "sources": shown,
        });
        let mut members = quoted(&view, MAX_CHARS)?;
        // A place in the list is never cut.
        members.insert("next".to_owned(), next.clone().into());
        if feeds.len() < 2 || budget.holds(&Value::Object(members.clone())) {
            return Ok(budget.result(members));
        }
        feeds.truncate(feeds.len() - feeds.len().div_ceil(8));
        next = feeds.last().filter(|_| !arguments.failing).map(|last| last.url.clone());
    }
}

fn source(feed: &FeedView, format: ResponseFormat) -> Value {
    let mut view = json!({
        "url": feed.url,
        "kind": feed.kind,
        "checked_at": feed.checked_at,
        "failures": feed.failures,
    });
    if let Some(problem) = &feed.problem {
        view["problem"] = problem.as_str().into();
    }
    if format.is_detailed() {
        view["next_check_at"] = feed.next_check_at.clone().into();
        view["interval_s"] = feed.interval_s.into();
    }
    view
}
