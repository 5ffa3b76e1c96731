//! Searches and lists of articles.

use std::collections::BTreeMap;

use courant_api::articles::Found;
use courant_api::search::{Mode, SearchAnswer, Sort};
use courant_mcp::answer::{MAX_CHARS, checked_limit, quoted};
use courant_mcp::budget::{Budget, Form, ResponseFormat};
use courant_mcp::filters::Filters;
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::Api;
use crate::api::search::{DEFAULT_HITS, SearchRequest};
use crate::error::ApiError;
use crate::mcp::links;

/// The most articles of one answer.
const MAX_HITS: usize = 50;
/// The longest part of a text that a concise hit shows.
const CONCISE_SNIPPET_CHARS: usize = 180;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct SearchArticles {
    /// Words; "a phrase", -word, OR, (groups), title:word. Empty lists the newest.
    #[serde(default)]
    query: String,
    #[serde(default)]
    filters: Filters,
    /// 1 to 50 articles; 10 if absent. Fewer come if they are long.
    limit: Option<usize>,
    /// hybrid (words and meaning), vector (meaning) or text (words).
    #[serde(default)]
    mode: Mode,
    /// relevance, newest or oldest.
    sort: Option<Sort>,
    /// The cursor of the answer before.
    cursor: Option<String>,
    #[serde(default)]
    response_format: ResponseFormat,
}

/// The result of a search.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::mcp) struct SearchView {
    mode: Mode,
    sort: Sort,
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<String>,
    total: u64,
    relaxed: bool,
    hits: Vec<HitView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_indexed_yet: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<String, String>,
}

/// An article that a search found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::mcp) struct HitView {
    id: String,
    url: String,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_name: Option<String>,
    snippet: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    syndicated_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copies: Option<u32>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    relaxed: bool,
}

impl HitView {
    /// Shows a hit; a concise one without what its address says already.
    pub(super) fn of(hit: Found, format: ResponseFormat) -> Self {
        let snippet = match format {
            ResponseFormat::Concise => hit.snippet.chars().take(CONCISE_SNIPPET_CHARS).collect(),
            ResponseFormat::Detailed => hit.snippet,
        };
        Self {
            id: hit.id,
            url: hit.url,
            title: hit.title,
            published_at: hit.published_at,
            language: hit.language.filter(|_| format.is_detailed()),
            site_name: hit.site_name.filter(|_| format.is_detailed()),
            snippet,
            score: hit.score.filter(|_| format.is_detailed()),
            syndicated_of: hit.syndicated_of,
            copies: Some(hit.copies).filter(|copies| *copies > 0),
            relaxed: hit.relaxed,
        }
    }
}

impl SearchView {
    fn of(answer: SearchAnswer, format: ResponseFormat) -> Self {
        Self {
            mode: answer.mode,
            sort: answer.sort,
            degraded: answer.degraded,
            total: answer.total,
            relaxed: answer.relaxed,
            hits: answer.hits.into_iter().map(|hit| HitView::of(hit, format)).collect(),
            cursor: answer.cursor,
            not_indexed_yet: answer.not_indexed_yet,
            left_out: BTreeMap::new(),
        }
    }
}

/// Answers with as many articles as the budget holds. The cursor continues behind the last of
/// them.
pub(super) async fn answer(
    api: &Api,
    arguments: SearchArticles,
) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    let mut request = SearchRequest {
        query: arguments.query,
        filters: arguments.filters.into_fields(),
        limit: checked_limit(arguments.limit, DEFAULT_HITS, MAX_HITS)?,
        mode: arguments.mode,
        sort: arguments.sort,
        cursor: arguments.cursor,
        ..SearchRequest::default()
    };
    let link = links::search_link(&request);
    let room = format.max_bytes().saturating_sub(links::link_bytes(&link));
    let budget = Budget { max_bytes: room, form: Form::Structured };
    loop {
        let found = Box::pin(api.search(&request)).await?;
        let view = SearchView::of(found, format);
        let fitting = fitting_hits(budget, &view)?;
        if fitting == view.hits.len() || request.limit == 1 {
            let mut result = budget.result(quoted(&view, MAX_CHARS)?);
            result.content.push(link);
            return Ok(result);
        }
        request.limit = fitting.max(1);
    }
}

/// Returns the number of hits, from the first on, that the budget holds.
fn fitting_hits(budget: Budget, view: &SearchView) -> Result<usize, ApiError> {
    let mut members = quoted(view, MAX_CHARS)?;
    let hits = match members.get_mut("hits") {
        Some(Value::Array(hits)) => std::mem::take(hits),
        _ => return Ok(0),
    };
    // A shorter page may have a cursor where the longer one has none.
    let cursor_bytes = if view.cursor.is_none() { 2 * 80 } else { 0 };
    let mut cost = budget.cost(&Value::Object(members)) + cursor_bytes;
    let empty = budget.cost(&Value::Null);
    let mut fits = |hit: &Value| {
        cost += budget.cost(hit) - empty + 10;
        cost <= budget.max_bytes
    };
    Ok(hits.iter().take_while(|hit| fits(hit)).count())
}
