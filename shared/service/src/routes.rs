//! Routes with their descriptions. There is no other way to serve a route, so that the document of
//! the interface has all of them but the pages for people.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{delete, get, patch, post};
use courant_api::openapi::{Method, Operation};
use tower::Service;

use crate::http::limited;

/// Routes of an agent, each with its description.
pub struct Routes<S = ()> {
    router: Router<S>,
    operations: Vec<Operation>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Makes an empty set of routes.
    #[expect(clippy::new_without_default, reason = "nothing asks for a default")]
    pub fn new() -> Self {
        Self { router: Router::new(), operations: Vec::new() }
    }

    /// Answers `operation` by `handler`.
    #[must_use]
    pub fn route<H, T>(mut self, operation: Operation, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let method = match operation.method() {
            Method::Get => get(handler),
            Method::Post => post(handler),
            Method::Patch => patch(handler),
            Method::Delete => delete(handler),
        };
        self.router = self.router.route(operation.path(), method);
        self.operations.push(operation);
        self
    }

    /// Answers `operation`, and every other method at its path, by `service`.
    #[must_use]
    pub fn service<T>(mut self, operation: Operation, service: T) -> Self
    where
        T: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        T::Response: IntoResponse,
        T::Future: Send + 'static,
    {
        self.router = self.router.route_service(operation.path(), service);
        self.operations.push(operation);
        self
    }

    /// Adds pages for people. The document of the interface leaves them out.
    #[must_use]
    pub fn pages(self, pages: Router<S>) -> Self {
        Self { router: self.router.merge(pages), ..self }
    }

    /// Limits every request: it is answered within `time`, and its body has at most `body_bytes`
    /// after decompression.
    #[must_use]
    pub fn limited(self, time: Duration, body_bytes: usize) -> Self {
        Self { router: limited(self.router, time, body_bytes), ..self }
    }

    /// Adds the routes of `other`.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.operations.extend(other.operations);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// Gives the handlers their state.
    pub fn with_state(self, state: S) -> Routes {
        Routes { router: self.router.with_state(state), operations: self.operations }
    }
}

impl Routes {
    /// Returns the descriptions.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the routes for a caller within the process, which the face does not see.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Returns the routes without their descriptions.
    pub fn into_router(self) -> Router {
        self.router
    }
}
