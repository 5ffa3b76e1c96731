//! The tools, prompts and resources that the conformance suite calls.
#![expect(deprecated, reason = "the older specification has log levels and subscriptions")]

use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, ClientResult,
    CompleteRequestParams, CompleteResult, ContentBlock, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, Implementation, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams,
    ReadResourceResponse, ReadResourceResult, ServerCapabilities, ServerConfig, ServerNotification,
    ServerRequest, SetLevelRequestParams, SubscribeRequestParams, SubscriptionFilter, Tool,
    UnsubscribeRequestParams,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::json;

use crate::fixtures::{Fixtures, ToolFixture, filled, parsed};
use crate::rounds::{self, Rounds};

/// The time between two notifications.
const PAUSE: Duration = Duration::from_millis(50);
const FRESH_MS: u64 = 1_000;

/// Serves the fixtures. The older specification asks its client back over a session.
pub(crate) fn over_http(
    config: StreamableHttpServerConfig,
) -> StreamableHttpService<ConformanceServer, LocalSessionManager> {
    let server = ConformanceServer::default();
    let sessions = Arc::new(LocalSessionManager::default());
    let config = config.with_legacy_session_mode(true);
    StreamableHttpService::new(move || Ok(server.clone()), sessions, config)
}

/// A server of the fixtures.
#[derive(Clone, Default)]
pub(crate) struct ConformanceServer {
    fixtures: Arc<Fixtures>,
    rounds: Arc<Rounds>,
}

impl ConformanceServer {
    async fn call(
        &self,
        fixture: &ToolFixture,
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, ErrorData> {
        let mut values = request.arguments.clone().unwrap_or_default();
        if let Some(token) = context.meta.get_progress_token() {
            values.insert("token".to_owned(), json!(token));
        }
        for notification in &fixture.notify {
            let notification = filled(notification, &values);
            // Without a token no progress is told.
            if !notification.to_string().contains("${token}") {
                let notification: ServerNotification = parsed(&notification)?;
                let sent = context.peer.send_notification(notification).await;
                sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if let Some(ask) = &fixture.ask {
            let ask: ServerRequest = parsed(&filled(ask, &values))?;
            match context.peer.send_request(ask).await {
                Ok(answer) => drop(values.insert("answer".to_owned(), shown(&answer)?.into())),
                Err(error) => {
                    let message = format!("the client did not answer: {error}");
                    return Ok(CallToolResult::error(vec![ContentBlock::text(message)]));
                }
            }
        }
        parsed(&filled(&fixture.result, &values))
    }
}

/// The text of a model, or the answer of a user.
fn shown(answer: &ClientResult) -> Result<String, ErrorData> {
    let answer = serde_json::to_value(answer);
    let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(match answer["content"]["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("action={}, content={}", answer["action"], answer["content"]),
    })
}

fn unknown(kind: &str, name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no {kind} {name}"), None)
}

impl ServerHandler for ConformanceServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_completions()
            .enable_logging()
            .enable_prompts()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_tools()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("courant-fixtures", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = self.fixtures.tools.iter().map(|fixture| fixture.tool.clone()).collect();
        Ok(ListToolsResult::with_all_items(tools)
            .with_ttl_ms(FRESH_MS)
            .with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.fixtures.tool(name).map(|fixture| fixture.tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let fixture = self.fixtures.tool(&request.name);
        let fixture = fixture.ok_or_else(|| unknown("tool", &request.name))?;
        let capabilities = context.client_capabilities().unwrap_or_default();
        if let Some(needed) = &fixture.needs {
            rounds::require(needed, &capabilities)?;
        }
        let (responses, state) = (&request.input_responses, &request.request_state);
        let wanted = self.rounds.next(&fixture.rounds, responses, state, &capabilities)?;
        match wanted {
            Some(wanted) => Ok(wanted.into()),
            None => Ok(self.call(fixture, &request, &context).await?.into()),
        }
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resources = self.fixtures.resources.iter().map(|fixture| fixture.resource.clone());
        Ok(ListResourcesResult::with_all_items(resources.collect())
            .with_ttl_ms(FRESH_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let templates = vec![self.fixtures.template.template.clone()];
        Ok(ListResourceTemplatesResult::with_all_items(templates)
            .with_ttl_ms(FRESH_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = self.fixtures.contents(&request.uri).ok_or_else(|| {
            let data = json!({ "uri": request.uri });
            ErrorData::resource_not_found("there is no such resource", Some(data))
        })?;
        Ok(ReadResourceResult::new(vec![parsed(&contents)?])
            .with_ttl_ms(FRESH_MS)
            .with_cache_scope(CacheScope::Private)
            .into())
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn subscribe(
        &self,
        _request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(
        &self,
        _request: SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompts = self.fixtures.prompts.iter().map(|fixture| fixture.prompt.clone());
        Ok(ListPromptsResult::with_all_items(prompts.collect())
            .with_ttl_ms(FRESH_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let fixture = self.fixtures.prompt(&request.name);
        let fixture = fixture.ok_or_else(|| unknown("prompt", &request.name))?;
        let capabilities = context.client_capabilities().unwrap_or_default();
        let (responses, state) = (&request.input_responses, &request.request_state);
        if let Some(wanted) = self.rounds.next(&fixture.rounds, responses, state, &capabilities)? {
            return Ok(wanted.into());
        }
        let values: JsonObject = request.arguments.unwrap_or_default();
        let result: GetPromptResult = parsed(&filled(&fixture.result, &values))?;
        Ok(result.into())
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Ok(CompleteResult::default())
    }
}
