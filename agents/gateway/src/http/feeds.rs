//! Feeds over HTTP: those that Courant writes, and those that it follows.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use courant_api::feeds::{FeedParams, FeedsPage, ListFormat, Part};
use courant_api::openapi::{Media, Operation};
use courant_api::syndication::open_search;
use courant_article::ContentHash;
use courant_extract::sources::opml_of;
use courant_service::{Parameters, Refusal, Routes};

use super::filters::FILTERS;
use crate::api::Api;
use crate::api::feeds::MAX_FEEDS;

/// The number of articles in a feed if the request names none.
const DEFAULT_ITEMS: usize = 50;
const OPML: &str = "text/x-opml";
const OPEN_SEARCH: &str = "application/opensearchdescription+xml";
/// Readers ask again by the validator, and never sooner than this.
const FRESH: &str = "max-age=60";

/// The routes of feeds.
pub(super) fn routes() -> Routes<Api> {
    Routes::new()
        .route(
            Operation::get("/v1/feed", "feed", "Shows the newest articles of a query as a feed")
                .parameters::<FeedParams>()
                .filters(&FILTERS)
                .answer(200, Media::Text("application/atom+xml"))
                .answer(200, Media::Text("application/rss+xml"))
                .answer(200, Media::Text("application/feed+json")),
            feed,
        )
        .route(
            Operation::get("/v1/feeds", "feeds", "Lists what the crawler follows, by URL")
                .parameters::<Part>()
                .answer(200, Media::json::<FeedsPage>())
                .answer(200, Media::Text(OPML)),
            followed,
        )
        .route(
            Operation::get("/opensearch.xml", "opensearch", "Describes the search for browsers")
                .answer(200, Media::Text(OPEN_SEARCH)),
            description,
        )
}

async fn feed(
    State(api): State<Api>,
    uri: Uri,
    headers: HeaderMap,
    Parameters(params): Parameters<FeedParams>,
) -> Result<Response, Refusal> {
    let FeedParams { q, format, limit, filters } = params;
    let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let address = format!("{}{path}", base(&headers));
    let limit = limit.unwrap_or(DEFAULT_ITEMS);
    let channel = Box::pin(api.feed(&q, &filters, limit, address)).await?;
    let written = format.write(&channel);
    let tag = format!("\"{}\"", ContentHash::of_normalized(&written));
    let is_known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .any(|known| known.to_str().is_ok_and(|known| known.contains(&tag) || known.trim() == "*"));
    let validators = [
        (header::ETAG, HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))),
        (header::CACHE_CONTROL, HeaderValue::from_static(FRESH)),
    ];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, validators).into_response());
    }
    Ok((validators, [(header::CONTENT_TYPE, format.media_type())], written).into_response())
}

async fn followed(
    State(api): State<Api>,
    Parameters(Part { after, limit, format }): Parameters<Part>,
) -> Result<Response, Refusal> {
    let page = api.feeds(&after, limit.unwrap_or(MAX_FEEDS)).await?;
    if format == ListFormat::Json {
        return Ok(Json(page).into_response());
    }
    let feeds = page.feeds.iter().filter(|feed| ["feed", ""].contains(&feed.kind.as_str()));
    let written = opml_of(feeds.map(|feed| (feed.url.as_str(), None)));
    Ok(([(header::CONTENT_TYPE, OPML)], written).into_response())
}

async fn description(headers: HeaderMap) -> Response {
    ([(header::CONTENT_TYPE, OPEN_SEARCH)], open_search(&base(&headers))).into_response()
}

/// Returns the address of the service as the client knows it. The face has checked the host; a
/// proxy with TLS says so in `X-Forwarded-Proto`.
fn base(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let scheme = match text(header::HeaderName::from_static("x-forwarded-proto")) {
        Some("https") => "https",
        _ => "http",
    };
    format!("{scheme}://{}", text(header::HOST).unwrap_or("localhost"))
}
