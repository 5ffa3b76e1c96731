use axum::Extension;
use axum::body::Body;
use axum::routing::{get, post};
use courant_access::{
    AuditLog, Config, Keyring, KeyringContent, LimitConfig, NewSecret, Required, Scopes,
    TokenRecord,
};
use courant_telemetry::{Clock, Meters};
use tokio::sync::mpsc::Receiver;
use tower::ServiceExt;

use super::*;
use crate::http::{over_grpc, over_http};

/// A closed door with a program's token.
struct Door {
    gate: Gate,
    token: String,
    id: String,
    entries: Receiver<AuditEntry>,
}

impl Door {
    fn of(scopes: &str) -> Self {
        Self::with(scopes, Config::default())
    }

    fn with(scopes: &str, config: Config) -> Self {
        let secret = NewSecret::random();
        let token = TokenRecord {
            id: secret.id.clone(),
            name: "script".into(),
            digest: secret.digest,
            scopes: Scopes::parse(scopes).unwrap(),
            audience: None,
            created_at_ms: 0,
            expires_at_ms: None,
            revoked_at_ms: None,
            used_at_ms: None,
        };
        let keyring = Keyring::default();
        keyring.replace(KeyringContent { tokens: vec![token], ..KeyringContent::default() });
        let config = Config { required: Required::Always, ..config };
        let (audit, entries) = AuditLog::new();
        let gate = Gate::new(&config, keyring, Clock::fixed(7)).unwrap().with(None, audit);
        Self { gate, token: secret.text, id: secret.id, entries }
    }

    async fn ask(&self, method: &str, path: &str, token: Option<&str>) -> Response {
        let name = async |Extension(principal): Extension<Principal>| principal.label();
        let routes = axum::Router::new()
            .route("/v1/search", get(name))
            .route("/v1/sources/{id}", get(name).delete(name))
            .route("/v1/tokens", post(name));
        let probes = axum::Router::new().route("/healthz", get(name)).route("/metrics", get(name));
        let meter = Meters::new("test").unwrap().meter();
        let config = crate::Config::default();
        let router = over_http(routes, probes, &self.gate, &config, &meter);
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn status(&self, method: &str, path: &str, token: Option<&str>) -> (u16, String) {
        let response = self.ask(method, path, token).await;
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), challenge.unwrap_or_default())
    }
}

#[tokio::test]
async fn requests_without_leave_are_challenged_and_the_others_are_named() {
    let door = Door::of("search");
    let realm = "Bearer realm=\"courant\"";
    let search = "/v1/search";
    assert_eq!(door.status("GET", search, None).await, (401, realm.to_owned()));
    let (status, challenge) = door.status("GET", search, Some("courant_a_b")).await;
    assert!(status == 401 && challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert_eq!(door.status("GET", search, Some(&door.token)).await.0, 200);
    let (status, challenge) = door.status("POST", "/v1/tokens", Some(&door.token)).await;
    assert!(status == 403 && challenge.contains("scope=\"admin\""), "{challenge}");
    assert_eq!(door.status("GET", "/v1/nothing", None).await.0, 401, "hides what is there");
    assert_eq!(door.status("GET", "/v1/nothing", Some(&door.token)).await.0, 404);
    assert_eq!(door.status("GET", "/healthz", None).await.0, 200);
    assert_eq!(door.status("GET", "/metrics", None).await.0, 401);
    assert_eq!(door.status("GET", "/metrics", Some(&door.token)).await.0, 403);
}

#[tokio::test]
async fn changes_are_noted_with_who_what_and_result_also_when_they_are_refused() {
    let mut door = Door::of("submit");
    door.ask("DELETE", "/v1/sources/0f11?secret=x", Some(&door.token)).await;
    let entry = door.entries.recv().await.unwrap();
    assert_eq!(entry.who, format!("token:{}", door.id));
    assert_eq!((entry.what.as_str(), entry.result.as_str()), ("DELETE /v1/sources/{id}", "done"));
    assert_eq!((entry.target.as_str(), entry.at_ms), ("/v1/sources/0f11", 7));
    door.ask("POST", "/v1/tokens", Some(&door.token)).await;
    assert_eq!(door.entries.recv().await.unwrap().result, "forbidden");
    door.ask("POST", "/v1/tokens", None).await;
    door.ask("GET", "/v1/sources/0f11", Some(&door.token)).await;
    assert!(door.entries.try_recv().is_err(), "neither strangers nor reading");
}

#[tokio::test]
async fn grpc_says_unauthenticated_and_permission_denied() {
    let door = Door::of("watch");
    let status = async |path: &str, token: Option<&str>| {
        let routes = axum::Router::new().route("/courant.v1.Admin/{method}", post(async || ""));
        let request = Request::post(path).header("content-type", "application/grpc");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(Body::empty()).unwrap();
        let response = over_grpc(routes, &door.gate).oneshot(request).await.unwrap();
        let status = response.headers().get("grpc-status");
        status.map(|status| status.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let [get, pause] = ["/courant.v1.Admin/GetStatus", "/courant.v1.Admin/Pause"];
    assert_eq!(status(get, None).await, "16");
    assert_eq!(status(get, Some("courant_a_b")).await, "16");
    assert_eq!(status(get, Some(&door.token)).await, "");
    assert_eq!(status(pause, Some(&door.token)).await, "7");
}

#[tokio::test]
async fn a_used_up_allowance_is_told_with_the_wait() {
    let limits = LimitConfig { search: 1.0, burst_s: 2.0, ..LimitConfig::default() };
    let door = Door::with("search,read", Config { limits, ..Config::default() });
    let search = async || door.ask("GET", "/v1/search", Some(&door.token)).await;
    let first = search().await;
    assert_eq!(first.headers()["ratelimit-policy"], "\"search\";q=2;w=2");
    assert_eq!(first.headers()["ratelimit"], "\"search\";r=1;t=1");
    search().await;
    let refused = search().await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    assert!(refused.headers()["ratelimit"].to_str().unwrap().contains("r=0"));
    assert_eq!(door.status("GET", "/v1/sources/0f11", Some(&door.token)).await.0, 200);
}

#[tokio::test]
async fn a_browser_without_a_session_is_led_to_the_sign_in() {
    let door = Door::of("search");
    let routes = axum::Router::new().route("/", get(async || "page"));
    let meter = Meters::new("test").unwrap().meter();
    let config = crate::Config::default();
    let router = over_http(routes, axum::Router::new(), &door.gate, &config, &meter);
    let ask = async |accept: &str| {
        let request = Request::get("/").header("host", "localhost").header("accept", accept);
        router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let led = ask("text/html,*/*;q=0.8").await;
    assert_eq!(
        (led.status(), &led.headers()["location"]),
        (StatusCode::SEE_OTHER, &HeaderValue::from_static("/sign-in"))
    );
    assert_eq!(ask("application/json").await.status(), StatusCode::UNAUTHORIZED);
}
