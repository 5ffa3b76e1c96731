//! HTTP and JSON. Every answer is JSON, errors as
//! `{"error":{"code","message"}}`.

mod limits;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use courant_search::CountRequest;
use jiff::{SignedDuration, SpanRelativeTo};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::api::articles::{Related, Revisions};
use crate::api::counts::CountAnswer;
use crate::api::decisions::{DecisionRequest, DecisionsAnswer};
use crate::api::feeds::{FeedsPage, MAX_FEEDS};
use crate::api::fields::HitFields;
use crate::api::search::{DEFAULT_HITS, Mode, SearchRequest, Sort, check_limit};
use crate::api::status::Status;
use crate::api::submit::{Receipt, Submission};
use crate::api::view::ArticleView;
use crate::api::words::{Suggestions, WordsAnswer};
use crate::error::ApiError;
use crate::mcp;

/// The largest body of a request.
const MAX_BODY_BYTES: usize = 1 << 20;
/// The number of outstanding words if the request names none.
const DEFAULT_WORDS: usize = 20;

/// All routes with their limits; `closing` ends what MCP has open.
pub(crate) fn routes(api: &Api, closing: CancellationToken) -> Router {
    let patience = api.config.request_timeout();
    let wait = Duration::from_secs(api.config.max_wait_s);
    let reading = Router::new()
        .route("/v1/search", get(search))
        .route("/v1/counts", get(counts))
        .route("/v1/words", get(words))
        .route("/v1/decisions", get(decisions))
        .route("/v1/suggestions", get(suggestions))
        .route("/v1/articles/{id}", get(article))
        .route("/v1/articles/{id}/related", get(related))
        .route("/v1/articles/{id}/revisions", get(revisions))
        .route("/v1/feeds", get(feeds))
        .route("/v1/status", get(status))
        .layer(from_fn_with_state(patience, limits::within));
    let writing = Router::new()
        .route("/v1/articles", post(submit).get(article_at))
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

/// A search in a URL. Every other parameter is a filter by a field of the query language.
#[derive(Debug, Deserialize)]
struct SearchParams {
    #[serde(default)]
    q: String,
    k: Option<usize>,
    limit: Option<usize>,
    #[serde(default)]
    mode: Mode,
    sort: Option<Sort>,
    cursor: Option<String>,
    #[serde(default)]
    explain: bool,
    /// An ISO 8601 duration.
    half_life: Option<String>,
    /// The members of a hit that the answer shows, with commas between.
    fields: Option<String>,
    /// The number of a change that must be found.
    change: Option<i64>,
    #[serde(flatten)]
    filters: BTreeMap<String, String>,
}

async fn search(
    State(api): State<Api>,
    params: Result<Query<SearchParams>, QueryRejection>,
) -> Result<Response, ApiError> {
    let params = params?.0;
    let fields = params.fields.as_deref().map(HitFields::parse).transpose()?;
    api.reached(params.change).await?;
    let request = SearchRequest {
        query: params.q,
        filters: params.filters,
        limit: params.limit.or(params.k).unwrap_or(DEFAULT_HITS),
        mode: params.mode,
        sort: params.sort,
        cursor: params.cursor,
        explain: params.explain,
        half_life: params.half_life.as_deref().map(half_life).transpose()?,
    };
    let answer = Box::pin(api.search(&request)).await?;
    let Some(fields) = fields else { return Ok(Json(answer).into_response()) };
    let mut answer = serde_json::to_value(answer).map_err(ApiError::Unwritable)?;
    fields.select(&mut answer);
    Ok(Json(answer).into_response())
}

/// Days have 24 hours. Months have no length of their own.
fn half_life(text: &str) -> Result<SignedDuration, ApiError> {
    let read =
        || text.parse::<jiff::Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
    read().ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        ApiError::Invalid(format!("half_life is {text:?}; give a duration such as P3D or PT12H"))
    })
}

/// Counts in a URL. Every other parameter is a filter by a field of the query language.
#[derive(Debug, Deserialize)]
struct CountParams {
    #[serde(default)]
    q: String,
    /// Names with commas between.
    #[serde(default)]
    facets: String,
    limit: Option<usize>,
    interval: Option<String>,
    by: Option<String>,
    /// The number of a change that must be counted.
    change: Option<i64>,
    #[serde(flatten)]
    filters: BTreeMap<String, String>,
}

async fn counts(
    State(api): State<Api>,
    params: Result<Query<CountParams>, QueryRejection>,
) -> Result<Json<CountAnswer>, ApiError> {
    let params = params?.0;
    let facets = params.facets.split(',').map(str::trim).filter(|name| !name.is_empty());
    let request = CountRequest {
        facets: facets.map(parsed).collect::<Result<_, _>>()?,
        values: params.limit.unwrap_or(DEFAULT_HITS),
        interval: params.interval.as_deref().map(parsed).transpose()?,
        by: params.by.as_deref().map(parsed).transpose()?,
    };
    api.reached(params.change).await?;
    Ok(Json(api.count(&params.q, &params.filters, &request).await?))
}

/// Outstanding words in a URL. Every other parameter is a filter.
#[derive(Debug, Deserialize)]
struct WordParams {
    #[serde(default)]
    q: String,
    limit: Option<usize>,
    #[serde(flatten)]
    filters: BTreeMap<String, String>,
}

async fn words(
    State(api): State<Api>,
    params: Result<Query<WordParams>, QueryRejection>,
) -> Result<Json<WordsAnswer>, ApiError> {
    let WordParams { q, limit, filters } = params?.0;
    Ok(Json(api.words(&q, &filters, limit.unwrap_or(DEFAULT_WORDS)).await?))
}

/// The entry whose decisions are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionParams {
    article: Option<String>,
    url: Option<String>,
    submission: Option<String>,
    limit: Option<usize>,
}

async fn decisions(
    State(api): State<Api>,
    params: Result<Query<DecisionParams>, QueryRejection>,
) -> Result<Json<DecisionsAnswer>, ApiError> {
    let DecisionParams { article, url, submission, limit } = params?.0;
    let limit = limit.unwrap_or(DEFAULT_HITS);
    Ok(Json(api.decisions(DecisionRequest { article, url, submission, limit }).await?))
}

/// The beginning that somebody typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    q: String,
    limit: Option<usize>,
}

async fn suggestions(
    State(api): State<Api>,
    typed: Result<Query<Typed>, QueryRejection>,
) -> Result<Json<Suggestions>, ApiError> {
    let Typed { q, limit } = typed?.0;
    Ok(Json(api.suggest(&q, limit.unwrap_or(DEFAULT_HITS)).await?))
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::Invalid(error.to_string()))
}

/// A version of an article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    as_of: Option<jiff::Timestamp>,
}

async fn article(
    State(api): State<Api>,
    Path(id): Path<String>,
    version: Result<Query<Version>, QueryRejection>,
) -> Result<Json<ArticleView>, ApiError> {
    Ok(Json(api.article(&id, version?.as_of).await?))
}

async fn revisions(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Revisions>, ApiError> {
    Ok(Json(api.revisions(&id).await?))
}

/// The address of an article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    url: String,
}

async fn article_at(
    State(api): State<Api>,
    address: Result<Query<Address>, QueryRejection>,
) -> Result<Json<ArticleView>, ApiError> {
    Ok(Json(api.article_at(&address?.url).await?))
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
