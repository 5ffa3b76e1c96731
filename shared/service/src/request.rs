//! Reads requests into types. A wrong one is refused in the words of the interface.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use courant_api::{ErrorCode, Problem, from_json, from_query};
use serde::de::DeserializeOwned;

use crate::http::BodyLimit;
use crate::refusal::Refusal;

/// The parameters of the URL.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let read = from_query(query).map_err(|fault| Problem::of_parameters(&fault))?;
        Ok(Self(read))
    }
}

/// The body, as JSON.
#[derive(Clone, Copy, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            let detail = "the body takes the header Content-Type: application/json";
            return Err(Refusal::new(ErrorCode::UnsupportedMediaType, detail));
        }
        let body = whole_body(request).await?;
        Ok(Self(from_json(&body).map_err(|fault| Problem::of_body(&fault))?))
    }
}

/// The body as it came, after decompression.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Sync> FromRequest<S> for RawBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        Ok(Self(whole_body(request).await?))
    }
}

/// Reads the body, up to the limit of its route.
///
/// # Errors
/// If it is larger, or ends too early, or is not compressed as it says.
async fn whole_body(request: Request) -> Result<Bytes, Refusal> {
    let limit = request.extensions().get::<BodyLimit>().copied();
    let body = Bytes::from_request(request, &()).await;
    body.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let most =
                limit.map_or_else(String::new, |BodyLimit(most)| format!(" of {most} bytes"));
            let detail = format!("the body is larger than the limit{most}");
            return Refusal::new(ErrorCode::TooLarge, detail);
        }
        let detail = "the body did not arrive whole, or is not compressed as it says";
        Refusal::new(ErrorCode::InvalidRequest, detail)
    })
}

/// Returns true for `application/json` and its kin, such as `application/ld+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    let media_type = media_type.trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}
