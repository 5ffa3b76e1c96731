//! The coverage of a query by outlets.

use courant_mcp::answer::{checked_limit, result};
use courant_mcp::budget::{Form, ResponseFormat};
use courant_mcp::filters::Filters;
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::api::Api;
use crate::api::outlets::OutletsRequest;
use crate::error::ApiError;

/// Outlets that are compared if the call names no number, and at most.
const DEFAULT_OUTLETS: usize = 6;
const MAX_OUTLETS: usize = 20;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct CompareOutlets {
    /// The subject, as in search_articles; all words must occur.
    query: String,
    /// Outlets by domain; those with the most articles if empty.
    #[serde(default)]
    sites: Vec<String>,
    #[serde(default)]
    filters: Filters,
    /// Outlets, 1 to 20; 6 if absent.
    limit: Option<usize>,
    #[serde(default)]
    response_format: ResponseFormat,
}

pub(super) async fn answer(
    api: &Api,
    arguments: CompareOutlets,
) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    if arguments.sites.len() > MAX_OUTLETS {
        return Err(ApiError::Invalid(format!("compare at most {MAX_OUTLETS} sites")));
    }
    let request = OutletsRequest {
        query: arguments.query,
        filters: arguments.filters.into_fields(),
        sites: arguments.sites,
        limit: checked_limit(arguments.limit, DEFAULT_OUTLETS, MAX_OUTLETS)?,
        headlines: format.choose(3, 10),
    };
    Ok(result(&Box::pin(api.outlets(&request)).await?, format, Form::Text)?)
}
