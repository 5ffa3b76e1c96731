//! The reasons for a decision.

use courant_mcp::answer::result;
use courant_mcp::budget::{Form, ResponseFormat};
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::Api;
use crate::api::decision::ArticleName;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ExplainDecision {
    /// The id in a search result.
    id: Option<String>,
    /// An address in any form, instead of the id; also one that is not stored.
    url: Option<String>,
    #[serde(default)]
    response_format: ResponseFormat,
}

pub(super) async fn answer(
    api: &Api,
    arguments: ExplainDecision,
) -> Result<CallToolResult, ApiError> {
    let name = match (arguments.id, arguments.url) {
        (Some(id), None) => ArticleName::Id(id),
        (None, Some(url)) => ArticleName::Url(url),
        _ => return Err(ApiError::Invalid("give an id or a url, and not both".into())),
    };
    Ok(result(&api.decision(&name).await?, arguments.response_format, Form::Text)?)
}
