//! Sources over HTTP.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use courant_api::openapi::{Media, Operation};
use courant_api::sources::{
    NewSource, SourceChange, SourceView, SourcesPage, SourcesParams, TakenOver,
};
use courant_service::{JsonBody, Parameters, RawBody, Refusal, Routes};

use crate::api::Api;

const ONE: &str = "/v1/sources/{id}";
/// The place of the id in the answer to a new source.
const ADDED: [(&str, &str); 1] = [("id", "$response.body#/id")];

/// The routes of sources.
pub(super) fn routes() -> Routes<Api> {
    let list = Operation::get("/v1/sources", "sources", "Lists the sources of the crawler, by URL")
        .parameters::<SourcesParams>()
        .answer(200, Media::json::<SourcesPage>())
        .link(200, "source", &[("id", "$response.body#/sources/0/id")]);
    let add = Operation::post("/v1/sources", "add_source", "Follows a source from now on")
        .body(Media::json::<NewSource>())
        .answer(200, Media::json::<SourceView>())
        .answer(201, Media::json::<SourceView>())
        .link(201, "source", &ADDED)
        .link(201, "change_source", &ADDED)
        .link(201, "check_source", &ADDED)
        .link(201, "remove_source", &ADDED);
    let opml = "Follows the feeds of an OPML document from now on";
    let opml = Operation::post("/v1/sources/opml", "take_over_feeds", opml)
        .body(Media::Text("text/x-opml"))
        .answer(200, Media::json::<TakenOver>());
    let change = Operation::patch(ONE, "change_source", "Pauses, resumes or tags a source")
        .body(Media::json::<SourceChange>())
        .answer(200, Media::json::<SourceView>());
    let check = "Looks at a source now, also at one that has ended";
    let check = Operation::post("/v1/sources/{id}/check", "check_source", check)
        .answer(202, Media::json::<SourceView>());
    Routes::new()
        .route(list, sources)
        .route(add, add_source)
        .route(opml, take_over)
        .route(
            Operation::get(ONE, "source", "Shows a source")
                .answer(200, Media::json::<SourceView>()),
            source,
        )
        .route(change, change_source)
        .route(
            Operation::delete(ONE, "remove_source", "Follows a source no longer").answer_empty(204),
            remove,
        )
        .route(check, check_source)
}

async fn sources(
    State(api): State<Api>,
    Parameters(params): Parameters<SourcesParams>,
) -> Result<Json<SourcesPage>, Refusal> {
    Ok(Json(Box::pin(api.sources(&params)).await?))
}

async fn add_source(
    State(api): State<Api>,
    JsonBody(new): JsonBody<NewSource>,
) -> Result<(StatusCode, Json<SourceView>), Refusal> {
    let (is_new, source) = Box::pin(api.add_source(new)).await?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(source)))
}

async fn take_over(
    State(api): State<Api>,
    RawBody(document): RawBody,
) -> Result<Json<TakenOver>, Refusal> {
    Ok(Json(Box::pin(api.take_over_feeds(&document)).await?))
}

async fn source(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<SourceView>, Refusal> {
    Ok(Json(Box::pin(api.source(&id)).await?))
}

async fn change_source(
    State(api): State<Api>,
    Path(id): Path<String>,
    JsonBody(change): JsonBody<SourceChange>,
) -> Result<Json<SourceView>, Refusal> {
    Ok(Json(Box::pin(api.change_source(&id, change)).await?))
}

async fn remove(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, Refusal> {
    Box::pin(api.remove_source(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn check_source(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<SourceView>), Refusal> {
    Ok((StatusCode::ACCEPTED, Json(Box::pin(api.check_source(&id)).await?)))
}
