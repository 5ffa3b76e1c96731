//! HTTP and JSON.

mod dead_letters;
mod decisions;
mod deletions;
mod events;
mod export;
mod feeds;
mod filters;
mod sources;
mod words;

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use courant_api::HitFields;
use courant_api::articles::{Address, ArticleView, Limit, Related, Revisions, Version};
use courant_api::counts::{CountAnswer, CountParams};
use courant_api::openapi::{Media, Operation};
use courant_api::search::{SearchAnswer, SearchParams};
use courant_api::status::Status;
use courant_api::submissions::{Receipt, Submission, Until, Wait};
use courant_search::CountRequest;
use courant_service::{JsonBody, Parameters, Refusal, Routes};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::api::search::{DEFAULT_HITS, SearchRequest, check_limit, half_life};
use crate::error::ApiError;
use crate::mcp::{self, Tasks};
use crate::submissions::decisions_on_lines;
use filters::FILTERS;

/// The largest body of a request.
pub(crate) const MAX_BODY_BYTES: usize = 1 << 20;

/// The header with the client's name for a request that it may send again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The media type of lines of JSON.
const LINES: &str = "application/x-ndjson";
const STREAM: &str = "Submits an article per line, and answers with a line per decision as it \
    falls: the receipt with the number of the line, or the fault of the line in `problem`";

/// The places of parameters in an answer to a search.
const FIRST_HIT: [(&str, &str); 1] = [("id", "$response.body#/hits/0/id")];
const NEXT_PAGE: [(&str, &str); 2] =
    [("q", "$request.query.q"), ("cursor", "$response.body#/cursor")];

/// All routes with their limits; `closing` ends what MCP has open.
pub(crate) fn routes(api: &Api, tasks: &Tasks, closing: CancellationToken) -> Routes {
    let patience = api.config.request_timeout();
    let wait = Duration::from_secs(api.config.max_wait_s);
    let mcp = Operation::post("/mcp", "mcp", "Speaks the Model Context Protocol")
        .body(Media::json::<Value>())
        .answer(200, Media::json::<Value>());
    let writing = Routes::new()
        .route(
            Operation::post("/v1/articles", "submit_article", "Submits an article")
                .parameters::<Wait>()
                .body(Media::json::<Submission>())
                .answer(200, Media::json::<Receipt>())
                .answer(202, Media::json::<Receipt>())
                .link(200, "article", &[("id", "$response.body#/article_id")])
                .link(200, "decisions", &[("submission", "$response.body#/submission_id")])
                .link(202, "decisions", &[("submission", "$response.body#/submission_id")]),
            submit,
        )
        .route(
            Operation::post("/v1/articles/stream", "submit_articles", STREAM)
                .body(Media::Text(LINES))
                .answer(200, Media::Text(LINES)),
            submit_lines,
        )
        .service(mcp, mcp::over_http(api, tasks, closing.clone(), MAX_BODY_BYTES))
        .limited(patience + wait, MAX_BODY_BYTES);
    let answering = searching()
        .merge(articles())
        .merge(feeds::routes())
        .merge(sources::routes())
        .merge(words::routes())
        .merge(decisions::routes())
        .merge(deletions::routes())
        .merge(export::routes())
        .merge(dead_letters::routes())
        .merge(events::routes(closing))
        .limited(patience, MAX_BODY_BYTES)
        .merge(writing)
        .with_state(api.clone());
    let pages = courant_console::pages(answering.router(), api.clock.clone());
    answering.merge(Routes::new().pages(pages).limited(patience, MAX_BODY_BYTES))
}

fn searching() -> Routes<Api> {
    Routes::new()
        .route(
            Operation::get("/v1/search", "search", "Searches, or lists articles by time")
                .parameters::<SearchParams>()
                .filters(&FILTERS)
                .answer(200, Media::json::<SearchAnswer>())
                .link(200, "article", &FIRST_HIT)
                .link(200, "related", &FIRST_HIT)
                .link(200, "revisions", &FIRST_HIT)
                .link(200, "search", &NEXT_PAGE),
            search,
        )
        .route(
            Operation::get("/v1/counts", "counts", "Counts articles by properties and by time")
                .parameters::<CountParams>()
                .filters(&FILTERS)
                .answer(200, Media::json::<CountAnswer>()),
            counts,
        )
        .route(
            Operation::get("/v1/configuration", "configuration", "Shows the settings in force")
                .answer(200, Media::json::<Map<String, Value>>()),
            configuration,
        )
        .route(
            Operation::get("/v1/status", "status", "Shows the state of the pipeline")
                .answer(200, Media::json::<Status>()),
            status,
        )
}

fn articles() -> Routes<Api> {
    Routes::new()
        .route(
            Operation::get("/v1/articles", "article_at", "Shows the article at an address")
                .parameters::<Address>()
                .answer(200, Media::json::<ArticleView>()),
            article_at,
        )
        .route(
            Operation::get("/v1/articles/{id}", "article", "Shows an article, now or as it was")
                .parameters::<Version>()
                .answer(200, Media::json::<ArticleView>()),
            article,
        )
        .route(
            Operation::get("/v1/articles/{id}/related", "related", "Lists the articles like it")
                .parameters::<Limit>()
                .answer(200, Media::json::<Related>()),
            related,
        )
        .route(
            Operation::get("/v1/articles/{id}/revisions", "revisions", "Lists its versions")
                .answer(200, Media::json::<Revisions>()),
            revisions,
        )
}

async fn submit(
    State(api): State<Api>,
    Parameters(Wait { wait, until }): Parameters<Wait>,
    headers: HeaderMap,
    JsonBody(submission): JsonBody<Submission>,
) -> Result<(StatusCode, Json<Receipt>), Refusal> {
    let wait = bounded_wait(wait, api.config.max_wait_s)?;
    let submission = match headers.get(IDEMPOTENCY_KEY) {
        Some(key) => {
            api.same_as_before(&String::from_utf8_lossy(key.as_bytes()), submission).await?
        }
        None => submission,
    };
    let receipt = match until {
        Until::Decided => api.submit(submission, wait).await?,
        Until::Stored => api.submit_until_stored(submission, wait).await?,
    };
    let status = if receipt.decision.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(receipt)))
}

async fn submit_lines(State(api): State<Api>, body: Body) -> Result<Response, Refusal> {
    let decisions = decisions_on_lines(&api, body).await?;
    Ok(([(header::CONTENT_TYPE, LINES)], decisions).into_response())
}

fn bounded_wait(seconds: f64, max_s: u64) -> Result<Duration, ApiError> {
    let wait = Duration::try_from_secs_f64(seconds).ok();
    wait.filter(|wait| *wait <= Duration::from_secs(max_s))
        .ok_or_else(|| ApiError::Invalid(format!("wait is {seconds}; give 0 to {max_s} seconds")))
}

async fn search(
    State(api): State<Api>,
    Parameters(params): Parameters<SearchParams>,
) -> Result<Response, Refusal> {
    let fields = params.fields.as_deref().map(hit_fields).transpose()?;
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

fn hit_fields(names: &str) -> Result<HitFields, ApiError> {
    HitFields::parse(names).map_err(|fault| ApiError::Invalid(fault.to_string()))
}

async fn counts(
    State(api): State<Api>,
    Parameters(params): Parameters<CountParams>,
) -> Result<Json<CountAnswer>, Refusal> {
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

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::Invalid(error.to_string()))
}

async fn article(
    State(api): State<Api>,
    Path(id): Path<String>,
    Parameters(Version { as_of }): Parameters<Version>,
) -> Result<Json<ArticleView>, Refusal> {
    let as_of = as_of.map(|text| time(&text)).transpose()?;
    Ok(Json(api.article(&id, as_of).await?))
}

fn time(text: &str) -> Result<jiff::Timestamp, ApiError> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        let hint = "as_of takes a time with its offset, such as 2026-11-30T12:00:00Z";
        ApiError::Invalid(format!("{hint}, not {shown:?}"))
    })
}

async fn revisions(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Revisions>, Refusal> {
    Ok(Json(api.revisions(&id).await?))
}

async fn article_at(
    State(api): State<Api>,
    Parameters(Address { url }): Parameters<Address>,
) -> Result<Json<ArticleView>, Refusal> {
    Ok(Json(api.article_at(&url).await?))
}

async fn related(
    State(api): State<Api>,
    Path(id): Path<String>,
    Parameters(Limit { k }): Parameters<Limit>,
) -> Result<Json<Related>, Refusal> {
    let limit = k.unwrap_or(DEFAULT_HITS);
    check_limit(limit)?;
    Ok(Json(api.related(&id, limit).await?))
}

async fn status(State(api): State<Api>) -> Result<Json<Status>, Refusal> {
    Ok(Json(api.status().await?))
}

async fn configuration(State(api): State<Api>) -> Json<Map<String, Value>> {
    Json(api.configuration.get().cloned().unwrap_or_default())
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
