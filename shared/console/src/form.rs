//! The fields of a form.

use axum::extract::{FromRequest, Request};
use courant_api::{ErrorCode, Problem, from_query};
use courant_service::{RawBody, Refusal};
use serde::de::DeserializeOwned;

/// The fields of a form, from the body of its request.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let RawBody(body) = RawBody::from_request(request, state).await?;
        let Ok(text) = std::str::from_utf8(&body) else {
            return Err(Refusal::new(ErrorCode::InvalidRequest, "the form is not UTF-8"));
        };
        Ok(Self(from_query(text).map_err(|fault| Problem::of_parameters(&fault))?))
    }
}
