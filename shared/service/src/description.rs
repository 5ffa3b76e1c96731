//! `/openapi.json` and `/docs`: the interface of the process, for programs and for people.

use std::time::Duration;

use axum::http::header;
use axum::response::IntoResponse;
use courant_api::openapi::{Media, Operation, document, page};
use serde_json::Value;

use crate::probes;
use crate::routes::Routes;

const DOCUMENT: &str = "/openapi.json";
const PAGE: &str = "/docs";
/// The page has its style within, and loads nothing.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
/// Both are made at the start.
const TIME: Duration = Duration::from_secs(5);

/// Adds the description of `routes`, and of the probes, to them.
pub(crate) fn described(routes: Routes, version: &str) -> Routes {
    let own = [
        Operation::get(DOCUMENT, "openapi", "Describes the interface, as OpenAPI 3.1")
            .answer(200, Media::json::<Value>()),
        Operation::get(PAGE, "docs", "Describes the interface, as a page")
            .answer(200, Media::Text("text/html")),
    ];
    let operations = [routes.operations(), &own, &probes::operations()].concat();
    let description = document(&operations, version);
    let page = page(&description);
    let description = description.to_string();
    let [of_document, of_page] = own;
    let serving = Routes::new()
        .route(of_document, async move || {
            ([(header::CONTENT_TYPE, "application/json")], description).into_response()
        })
        .route(of_page, async move || {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
            ];
            (headers, page).into_response()
        });
    routes.merge(serving.limited(TIME, 0))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(path: &str) -> String {
        let thing = Operation::get("/v1/thing", "thing", "Shows the thing");
        let thing = thing.answer(200, Media::Text("text/plain"));
        let routes = described(Routes::new().route(thing, async || "a thing"), "1.2.3");
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = routes.into_router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(body.into()).unwrap()
    }

    #[tokio::test]
    async fn both_describe_every_route_and_the_probes() {
        let document: Value = serde_json::from_str(&get("/openapi.json").await).unwrap();
        let page = get("/docs").await;
        let paths = ["/v1/thing", "/openapi.json", "/docs", "/healthz", "/readyz", "/metrics"];
        assert_eq!(document["paths"].as_object().unwrap().len(), paths.len());
        for path in paths {
            assert!(document["paths"][path]["get"].is_object(), "{path}");
            assert!(page.contains(&format!("GET {path}<")), "{path}");
        }
        assert_eq!(get("/v1/thing").await, "a thing");
    }
}
