//! The body of a message over MCP gets an answer that is no failure of the server.

#![no_main]

use std::cell::RefCell;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use courant_mcp::http::serve;
use libfuzzer_sys::fuzz_target;
use rmcp::ServerHandler;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

const MAX_BODY_BYTES: usize = 1 << 20;

#[derive(Clone)]
struct Nothing;

impl ServerHandler for Nothing {}

thread_local! {
    static RUNTIME: RefCell<Runtime> = RefCell::new(
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
    );
}

fuzz_target!(|bytes: &[u8]| {
    let request = Request::post("/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("host", "127.0.0.1")
        .body(Body::from(bytes.to_vec()))
        .expect("a request");
    let status = RUNTIME.with_borrow(|runtime| {
        let service = serve(Nothing, CancellationToken::new(), MAX_BODY_BYTES);
        runtime.block_on(async { service.oneshot(request).await.map(|answer| answer.status()) })
    });
    assert_ne!(status, Ok(StatusCode::INTERNAL_SERVER_ERROR));
});
