//! HTTP and JSON. Every answer is JSON, errors as
//! `{"error":{"code","message"}}`.

mod limits;

use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::api::articles::Related;
use crate::api::feeds::{FeedsPage, MAX_FEEDS};
use crate::api::search::{DEFAULT_HITS, Mode, SearchAnswer, check_limit};
use crate::api::status::Status;
use crate::api::submit::{Receipt, Submission};
use crate::api::view::ArticleView;
use crate::error::ApiError;
use crate::mcp;

/// The largest body of a request.
const MAX_BODY_BYTES: usize = 1 << 20;

/// All routes with their limits; `closing` ends what MCP has open.
pub(crate) fn routes(api: &Api, closing: CancellationToken) -> Router {
    let patience = api.config.request_timeout();
    let wait = Duration::from_secs(api.config.max_wait_s);
    let reading = Router::new()
        .route("/v1/search", get(search))
        .route("/v1/articles/{id}", get(article))
        .route("/v1/articles/{id}/related", get(related))
        .route("/v1/feeds", get(feeds))
        .route("/v1/status", get(status))
        .layer(from_fn_with_state(patience, limits::within));
    let writing = Router::new()
        .route("/v1/articles", post(submit))
        .layer(from_fn_with_state(patience + wait, limits::within))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    let tools = Router::new()
        .route_service("/mcp", mcp::over_http(api, closing, MAX_BODY_BYTES))
        .layer(from_fn_with_state(patience + wait, limits::within));
    reading
        .merge(writing)
        .method_not_allowed_fallback(method_not_allowed)
        .merge(tools)
        .fallback(no_path)
        .layer(limits::panics())
        .layer(from_fn_with_state(api.clone(), limits::measure))
        .with_state(api.clone())
}

/// The time that a submission waits for its decision.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    /// Seconds.
    #[serde(default)]
    wait: f64,
}

async fn submit(
    State(api): State<Api>,
    wait: Result<Query<Wait>, QueryRejection>,
    submission: Result<Json<Submission>, JsonRejection>,
) -> Result<(StatusCode, Json<Receipt>), ApiError> {
    let wait = bounded_wait(wait?.wait, api.config.max_wait_s)?;
    let receipt = api.submit(submission?.0, wait).await?;
    let status = if receipt.decision.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(receipt)))
}

fn bounded_wait(seconds: f64, max_s: u64) -> Result<Duration, ApiError> {
    let wait = Duration::try_from_secs_f64(seconds).ok();
    wait.filter(|wait| *wait <= Duration::from_secs(max_s))
        .ok_or_else(|| ApiError::Invalid(format!("wait is {seconds}; give 0 to {max_s} seconds")))
}

/// A search in a URL.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchParams {
    q: String,
    k: Option<usize>,
    #[serde(default)]
    mode: Mode,
}

async fn search(
    State(api): State<Api>,
    params: Result<Query<SearchParams>, QueryRejection>,
) -> Result<Json<SearchAnswer>, ApiError> {
    let SearchParams { q, k, mode } = params?.0;
    Ok(Json(api.search(&q, k.unwrap_or(DEFAULT_HITS), mode).await?))
}

async fn article(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<ArticleView>, ApiError> {
    Ok(Json(api.article(&id).await?))
}

/// The number of results wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    k: Option<usize>,
}

async fn related(
    State(api): State<Api>,
    Path(id): Path<String>,
    limit: Result<Query<Limit>, QueryRejection>,
) -> Result<Json<Related>, ApiError> {
    let limit = limit?.k.unwrap_or(DEFAULT_HITS);
    check_limit(limit)?;
    Ok(Json(api.related(&id, limit).await?))
}

/// A part of what is followed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default)]
    after: String,
    limit: Option<usize>,
}

async fn feeds(
    State(api): State<Api>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<FeedsPage>, ApiError> {
    let Part { after, limit } = part?.0;
    Ok(Json(api.feeds(&after, limit.unwrap_or(MAX_FEEDS)).await?))
}

async fn status(State(api): State<Api>) -> Result<Json<Status>, ApiError> {
    Ok(Json(api.status().await?))
}

async fn no_path(uri: Uri) -> ApiError {
    ApiError::NoPath(uri.path().chars().take(200).collect())
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::Method(method.to_string())
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge(rejection.body_text()),
            _ => Self::Invalid(rejection.body_text()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let message = self.to_string();
        let body = serde_json::json!({"error": {"code": self.code(), "message": message}});
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_bounded() {
        assert_eq!(bounded_wait(0.5, 30).unwrap(), Duration::from_millis(500));
        for wrong in [-1.0, f64::NAN, f64::INFINITY, 30.1] {
            assert!(bounded_wait(wrong, 30).is_err(), "{wrong}");
        }
    }
}
