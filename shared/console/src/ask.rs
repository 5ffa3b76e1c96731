//! Asks the HTTP interface within the process, for the person who asks for a page.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, header};
use courant_api::{ErrorCode, Problem};
use courant_telemetry::Clock;
use form_urlencoded::{Serializer, byte_serialize};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

/// The largest answer that a page is made of. A thousand versions of a long article are larger.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// The state of all pages.
#[derive(Clone)]
pub(crate) struct Console {
    api: Router,
    pub(crate) clock: Clock,
}

impl Console {
    pub(crate) fn new(api: Router, clock: Clock) -> Self {
        Self { api, clock }
    }
}

/// The interface, as the person behind one request may use it. Who that is stands in the headers of
/// the request, which every question repeats; this is the one place that hands it on.
#[derive(Clone)]
pub(crate) struct Archive {
    api: Router,
    headers: HeaderMap,
}

impl FromRequestParts<Console> for Archive {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Infallible> {
        let mut headers = HeaderMap::new();
        for name in [header::AUTHORIZATION, header::COOKIE] {
            for value in parts.headers.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
        Ok(Self { api: console.api.clone(), headers })
    }
}

/// Parameters of a question.
pub(crate) type Params<'a> = &'a [(&'a str, &'a str)];

impl Archive {
    /// Returns the answer at `path`.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        params: Params<'_>,
    ) -> Result<T, Problem> {
        self.read(Method::GET, &with_query(path, params), None).await
    }

    /// Sends `body` to `path` as JSON.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let body = serde_json::to_vec(body).map_err(|error| defect(&error.to_string()))?;
        self.read(method, path, Some(("application/json", body))).await
    }

    /// Sends an OPML document to `path`.
    pub(crate) async fn send_opml<T: DeserializeOwned>(
        &self,
        path: &str,
        document: String,
    ) -> Result<T, Problem> {
        self.read(Method::POST, path, Some(("text/x-opml", document.into_bytes()))).await
    }

    /// Does what `path` stands for, and reads nothing.
    pub(crate) async fn act(&self, method: Method, path: &str) -> Result<(), Problem> {
        self.answer(method, path, None).await.map(drop)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<T, Problem> {
        let answer = self.answer(method, path, body).await?;
        serde_json::from_slice(&answer).map_err(|error| defect(&error.to_string()))
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<Vec<u8>, Problem> {
        let mut request = Request::builder().method(method).uri(path);
        let content = match body {
            Some((media_type, content)) => {
                request = request.header(header::CONTENT_TYPE, media_type);
                Body::from(content)
            }
            None => Body::empty(),
        };
        let mut request = request.body(content).map_err(|error| defect(&error.to_string()))?;
        request.headers_mut().extend(self.headers.clone());
        let Ok(response) = self.api.clone().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), MAX_ANSWER_BYTES).await;
        let bytes = bytes.map_err(|error| defect(&error.to_string()))?;
        if status.is_success() {
            return Ok(bytes.into());
        }
        let code = ErrorCode::of_status(status.as_u16());
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| Problem::new(code, code.title())))
    }
}

fn defect(cause: &str) -> Problem {
    tracing::warn!(cause, "an answer of the interface cannot be shown");
    Problem::new(ErrorCode::Internal, "the page could not be made")
}

/// Returns a path with parameters.
pub(crate) fn with_query(path: &str, params: Params<'_>) -> String {
    if params.is_empty() {
        return path.to_owned();
    }
    let query = Serializer::new(String::new()).extend_pairs(params).finish();
    format!("{path}?{query}")
}

/// Returns a text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    byte_serialize(text.as_bytes()).map(|part| if part == "+" { "%20" } else { part }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("AC/DC & co?"), "AC%2FDC%20%26%20co%3F");
    }
}
