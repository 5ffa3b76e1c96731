use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use tonic::Status;
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;

use super::*;

/// The log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn start() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
        (log, tracing::subscriber::set_default(lines.finish()))
    }

    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

fn api() -> Router {
    let routes = Router::new()
        .route("/fine/{id}", get(async || "fine"))
        .route("/wrong", get(async || StatusCode::BAD_REQUEST))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/readyz", get(async || StatusCode::SERVICE_UNAVAILABLE));
    observed(routes, Protocol::Http)
}

async fn ask(router: Router, path: &str, id: Option<&str>) -> HeaderMap {
    let mut request = Request::get(path);
    if let Some(id) = id {
        request = request.header("x-request-id", id);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    response.headers().clone()
}

async fn id(path: &str, given: Option<&str>) -> String {
    ask(api(), path, given).await["x-request-id"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_answer_carries_the_callers_id_or_a_new_one() {
    assert_eq!(id("/fine/1", Some("caller-7")).await, "caller-7");
    assert_eq!(id("/nowhere", Some("caller-8")).await, "caller-8");
    let (one, other) = (id("/fine/1", None).await, id("/fine/1", None).await);
    assert_eq!((one.len(), other.len()), (32, 32));
    assert_ne!(one, other);
    let long = "x".repeat(129);
    for wrong in ["two words", "", &long] {
        assert_ne!(id("/fine/1", Some(wrong)).await, wrong);
    }
}

#[tokio::test]
async fn a_refused_or_failed_request_leaves_one_line_with_its_id_and_others_none() {
    let (log, _guard) = Log::start();
    for path in ["/fine/1", "/wrong", "/broken", "/nowhere"] {
        id(path, Some(&format!("id-of{}", path.replace('/', "-")))).await;
    }
    ask(api(), "/readyz", None).await;
    let lines = log.lines();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for (line, (level, id, code)) in lines.iter().zip([
        ("INFO", "id-of-wrong", "400"),
        ("WARN", "id-of-broken", "500"),
        ("INFO", "id-of-nowhere", "404"),
    ]) {
        assert!(line.contains(level) && line.contains(id) && line.contains(code), "{line}");
    }
}

#[tokio::test]
async fn grpc_says_by_its_status_that_a_request_was_refused() {
    let (log, _guard) = Log::start();
    let refuse = get(async || Status::not_found("no such agent").into_http::<Body>());
    let routes = Router::new().route("/courant.v1.Admin/{method}", refuse);
    let router = observed(routes, Protocol::Grpc);
    let headers = ask(router, "/courant.v1.Admin/Pause", Some("call-1")).await;
    assert_eq!(headers["x-request-id"], "call-1");
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let line = &lines[0];
    assert!(line.contains("call-1") && line.contains("courant.v1.Admin/Pause"), "{line}");
}
