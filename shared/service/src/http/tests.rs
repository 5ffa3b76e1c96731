use std::io;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use courant_telemetry::Meters;
use serde_json::Value;
use tonic::Status;
use tower::ServiceExt;
use tracing::subscriber::DefaultGuard;

use super::*;
use crate::request::JsonBody;

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
        let lines = String::from_utf8(bytes).unwrap();
        // Tests of the gate look at the audit.
        let is_audit = |line: &&str| line.contains("courant::audit");
        lines.lines().filter(|line| !is_audit(line)).map(str::to_owned).collect()
    }
}

fn api() -> Router {
    face(&Config::default(), &Meters::new("test").unwrap())
}

fn face(config: &Config, meters: &Meters) -> Router {
    let routes = Router::new()
        .route("/fine/{id}", get(async || "fine"))
        .route("/wrong", get(async || StatusCode::BAD_REQUEST))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/panic", get(panics))
        .route("/never", get(std::future::pending::<&str>))
        .route("/long", get(async || "a long answer ".repeat(100)))
        .route("/echo", post(async |JsonBody(body): JsonBody<Value>| body.to_string()));
    let routes = limited(routes, Duration::from_secs(5), 1000);
    let readiness = get(async || StatusCode::SERVICE_UNAVAILABLE);
    let probes = Router::new().route("/readyz", readiness);
    over_http(routes, probes, &Gate::open(), config, &meters.meter())
}

async fn panics() -> &'static str {
    panic!("a defect");
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::builder().uri(path).header("host", "localhost:8080")
}

async fn answer(router: Router, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, to_bytes(body, 1 << 20).await.unwrap().into())
}

/// Status and code of an error.
async fn error(request: Request<Body>) -> (u16, String) {
    let (status, headers, body) = answer(api(), request).await;
    assert_eq!(headers["content-type"], "application/problem+json");
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["detail"], problem["error"]["message"]);
    let instance = problem["instance"].as_str().unwrap();
    assert!(instance.ends_with(headers["x-request-id"].to_str().unwrap()), "{instance}");
    (status.as_u16(), problem["error"]["code"].as_str().unwrap().to_owned())
}

async fn ask(router: Router, path: &str, id: Option<&str>) -> HeaderMap {
    let mut request = request(path);
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
    let router = over_grpc(routes, &Gate::open());
    let headers = ask(router, "/courant.v1.Admin/Pause", Some("call-1")).await;
    assert_eq!(headers["x-request-id"], "call-1");
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let line = &lines[0];
    assert!(line.contains("call-1") && line.contains("courant.v1.Admin/Pause"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn every_error_is_a_problem_that_names_its_request() {
    let get = |path: &str| request(path).body(Body::empty()).unwrap();
    let send = |media_type: &str, body: Vec<u8>| {
        let request = request("/echo").method("POST").header("content-type", media_type);
        request.body(Body::from(body)).unwrap()
    };
    let _quiet = Log::start();
    for (request, status, code) in [
        (get("/nowhere"), 404, "not_found"),
        (get("/echo"), 405, "method_not_allowed"),
        (get("/wrong"), 400, "invalid_request"),
        (get("/broken"), 500, "internal"),
        (get("/panic"), 500, "internal"),
        (get("/never"), 504, "timeout"),
        (send("application/json", b"{".to_vec()), 400, "invalid_request"),
        (send("text/plain", b"{}".to_vec()), 415, "unsupported_media_type"),
        (send("application/json", vec![b' '; 1001]), 413, "too_large"),
    ] {
        let path = request.uri().to_string();
        assert_eq!(error(request).await, (status, code.to_owned()), "{path}");
    }
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused_and_probes_are_answered_to_all() {
    let from = |host: &str, origin: &str| {
        let request = Request::get("/fine/1").header("host", host).header("origin", origin);
        request.body(Body::empty()).unwrap()
    };
    let (host, origin) = ("localhost:8080", "https://evil.example");
    let refused = (421, "host_not_allowed".to_owned());
    assert_eq!(error(from("evil.example", "http://evil.example")).await, refused);
    assert_eq!(error(from(host, origin)).await, (403, "origin_not_allowed".to_owned()));
    let probe = Request::get("/readyz").header("host", "gateway:8080").body(Body::empty()).unwrap();
    assert_eq!(answer(api(), probe).await.0, StatusCode::SERVICE_UNAVAILABLE);

    let config = Config { origins: vec!["https://app.example".into()], ..Config::default() };
    let open = face(&config, &Meters::new("test").unwrap());
    let (status, headers, _) = answer(open.clone(), from(host, "https://app.example")).await;
    assert_eq!(
        (status.as_u16(), &headers["access-control-allow-origin"]),
        (200, &"https://app.example".parse().unwrap())
    );
    let (status, headers, _) = answer(open, from(host, "http://localhost:3000")).await;
    assert_eq!((status.as_u16(), headers.get("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn answers_keep_browsers_from_misusing_them() {
    for path in ["/fine/1", "/nowhere", "/readyz"] {
        let headers = ask(api(), path, None).await;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert!(headers.get("access-control-allow-origin").is_none());
    }
}

#[tokio::test]
async fn answers_and_requests_are_compressed_as_the_client_likes() {
    for coding in ["gzip", "zstd"] {
        let long = request("/long").header("accept-encoding", coding).body(Body::empty()).unwrap();
        let (status, headers, packed) = answer(api(), long).await;
        assert_eq!((status.as_u16(), headers["content-encoding"].to_str().unwrap()), (200, coding));
        assert!(packed.len() < 300, "{} bytes", packed.len());
        let send = |body: Vec<u8>| {
            request("/echo")
                .method("POST")
                .header("content-type", "application/json")
                .header("content-encoding", coding)
                .body(Body::from(body))
                .unwrap()
        };
        // The text of the answer is no JSON, which is found only after it was decompressed.
        assert_eq!(error(send(packed)).await.0, 413, "1,400 bytes once decompressed");
        assert_eq!(error(send(b"not packed".to_vec())).await, (400, "invalid_request".to_owned()));
    }
    // An error is named after its request before it is compressed.
    let wrong = request("/nowhere").header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    let (status, headers, packed) = answer(api(), wrong).await;
    assert_eq!((status.as_u16(), &headers["content-encoding"]), (404, &"gzip".parse().unwrap()));
    assert_eq!(packed[..2], [0x1f, 0x8b], "the head of gzip");
    let short = request("/fine/1").header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    assert!(answer(api(), short).await.1.get("content-encoding").is_none());
    let odd = request("/echo").method("POST").header("content-encoding", "br");
    let odd = odd.header("content-type", "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(error(odd).await, (415, "unsupported_media_type".to_owned()));
}

#[tokio::test]
async fn requests_are_measured_under_their_route() {
    let meters = Meters::new("test").unwrap();
    let router = face(&Config::default(), &meters);
    ask(router.clone(), "/fine/7", None).await;
    ask(router.clone(), "/secret/path", None).await;
    let odd = request("/fine/7").method("BREW").body(Body::empty()).unwrap();
    router.oneshot(odd).await.unwrap();
    let metrics = meters.render().unwrap();
    for (method, route, status) in
        [("GET", "/fine/{id}", 200), ("GET", "unmatched", 404), ("other", "/fine/{id}", 405)]
    {
        let name = "courant_http_request_duration_seconds_count";
        let line = format!("{name}{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} 1");
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_passes_its_deadline_ends_with_the_status_for_it() {
    let routes =
        Router::new().route("/courant.v1.Admin/{method}", get(std::future::pending::<&str>));
    let call = Request::get("/courant.v1.Admin/Status").header("grpc-timeout", "100m");
    let call = call.body(Body::empty()).unwrap();
    let response = over_grpc(routes, &Gate::open()).oneshot(call).await.unwrap();
    let status = Status::from_header_map(response.headers()).unwrap();
    assert_eq!(status.code(), tonic::Code::DeadlineExceeded);
    assert_eq!(status.metadata().get("error-code").unwrap(), "timeout");
}
