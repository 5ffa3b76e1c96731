use std::path::Path as FilePath;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::middleware::{Next, from_fn_with_state};
use courant_access::{Config, Gate, table};
use courant_telemetry::Clock;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::records::Records;

const NOW_MS: i64 = 1_700_000_000_000;
const PASSWORD: &str = "correct horse battery";

/// The routes behind a gate, on a file of their own.
struct House {
    credentials: Credentials,
    gate: Gate,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(NOW_MS);
        let credentials = open(folder.path(), &clock).await;
        let gate = credentials.gate(Some("local-token".into())).unwrap();
        Self { credentials, gate, clock, _folder: folder }
    }

    async fn ask(&self, request: Request<Body>) -> Response {
        let check =
            async |State(gate): State<Gate>, mut request: axum::extract::Request, next: Next| {
                let method = request.method().clone();
                let route = request.extensions().get::<axum::extract::MatchedPath>().cloned();
                let route = route.as_ref().map(axum::extract::MatchedPath::as_str);
                let rule = table::http(method.as_str(), route);
                match gate.admit(rule, &method, request.headers(), None) {
                    Ok(principal) => {
                        request.extensions_mut().insert(principal);
                        next.run(request).await
                    }
                    Err(denial) => (StatusCode::IM_A_TEAPOT, format!("{denial:?}")).into_response(),
                }
            };
        let router = self.credentials.routes().into_router();
        let router = router.layer(from_fn_with_state(self.gate.clone(), check));
        router.oneshot(request).await.unwrap()
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json");
        let response = self.ask(request.body(Body::from(body.to_string())).unwrap()).await;
        let status = response.status().as_u16();
        let cookie =
            response.headers().get("set-cookie").map(|one| one.to_str().unwrap().to_owned());
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let mut body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if let Some(cookie) = cookie {
            body = json!({ "cookie": cookie });
        }
        (status, body)
    }

    async fn local(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.send(method, path, &[("authorization", "Bearer local-token")], body).await
    }

    async fn form(&self, form: &str) -> u16 {
        let request = Request::post("/setup").body(Body::from(form.to_owned())).unwrap();
        self.ask(request).await.status().as_u16()
    }
}

async fn open(folder: &FilePath, clock: &Clock) -> Credentials {
    let records = Records::sqlite(&folder.join("access.db")).await.unwrap();
    Credentials::open(records, &Config::default(), clock.clone()).await.unwrap()
}

#[tokio::test]
async fn the_first_link_makes_one_admin_once() {
    let house = House::new().await;
    let link = house.credentials.first_link().await.unwrap().unwrap();
    let token = link.split_once('=').unwrap().1.to_owned();
    let page = Request::get(&link).body(Body::empty()).unwrap();
    let page = to_bytes(house.ask(page).await.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains(&token));
    let form = |token: &str, password: &str| format!("token={token}&name=Ann&password={password}");
    assert_eq!(house.form(&form("courant_a_b", "correct+horse")).await, 400);
    assert_eq!(house.form(&form(&token, "short")).await, 400);
    assert_eq!(house.form(&form(&token, "correct+horse+battery")).await, 200);
    assert_eq!(house.form(&form(&token, "correct+horse+battery")).await, 400, "it counts once");
    assert_eq!(house.credentials.first_link().await.unwrap(), None);
    let sign_in = json!({ "name": "ann", "password": PASSWORD });
    let (status, answer) = house.send("POST", "/v1/session", &[], sign_in).await;
    assert_eq!(status, 204, "{answer}");
    let cookie = answer["cookie"].as_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
}

#[tokio::test]
async fn a_person_signs_in_acts_within_the_role_and_signs_out() {
    let house = House::new().await;
    let ann = json!({ "name": "ann", "password": PASSWORD, "role": "reader" });
    assert_eq!(house.local("POST", "/v1/people", ann.clone()).await.0, 201);
    assert_eq!(house.local("POST", "/v1/people", ann).await.0, 409);
    let wrong = json!({ "name": "ann", "password": "a wrong password" });
    assert_eq!(house.send("POST", "/v1/session", &[], wrong).await.0, 401);
    let nobody = json!({ "name": "bob", "password": PASSWORD });
    assert_eq!(house.send("POST", "/v1/session", &[], nobody).await.0, 401);

    let right = json!({ "name": " Ann", "password": PASSWORD });
    let (_, answer) = house.send("POST", "/v1/session", &[], right).await;
    let cookie = answer["cookie"].as_str().unwrap().split(';').next().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    let (status, session) = house.send("GET", "/v1/session", &[cookie], Value::Null).await;
    assert_eq!((status, &session["who"]), (200, &json!("person:ann")));
    assert_eq!(session["scopes"], json!(["search", "read", "watch"]));
    let csrf = ("x-csrf-token", session["csrf_token"].as_str().unwrap());
    assert_eq!(house.send("GET", "/v1/tokens", &[cookie], Value::Null).await.0, 418);
    assert_eq!(house.send("DELETE", "/v1/session", &[cookie], Value::Null).await.0, 418);
    assert_eq!(house.send("DELETE", "/v1/session", &[cookie, csrf], Value::Null).await.0, 204);
    assert_eq!(house.send("GET", "/v1/session", &[cookie], Value::Null).await.0, 418);

    let (_, answer) = house
        .send("POST", "/v1/session", &[], json!({ "name": "ann", "password": PASSWORD }))
        .await;
    let cookie = answer["cookie"].as_str().unwrap().split(';').next().unwrap().to_owned();
    let change = json!({ "role": "admin", "password": "another password" });
    assert_eq!(house.local("PATCH", "/v1/people/ann", change).await.0, 200);
    let ended = house.send("GET", "/v1/session", &[("cookie", &cookie)], Value::Null).await.0;
    assert_eq!(ended, 418, "a new password ends the sessions");
    assert_eq!(house.local("DELETE", "/v1/people/ann", Value::Null).await.0, 204);
    assert_eq!(house.local("DELETE", "/v1/people/ann", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_token_is_shown_once_and_ends_when_it_is_revoked() {
    let house = House::new().await;
    let new = json!({ "name": "script", "scopes": ["admin"], "expires_in_s": 60 });
    let (status, made) = house.local("POST", "/v1/tokens", new).await;
    assert_eq!(status, 201, "{made}");
    let secret = made["secret"].as_str().unwrap();
    let bearer = format!("Bearer {secret}");
    let sent = [("authorization", bearer.as_str())];
    let (status, list) = house.send("GET", "/v1/tokens", &sent, Value::Null).await;
    assert!(status == 200 && !list.to_string().contains(secret), "{list}");
    let path = format!("/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    let (status, rotated) =
        house.local("POST", &format!("{path}/rotate?keep_s=10"), Value::Null).await;
    assert_eq!(status, 201, "{rotated}");
    assert_eq!(house.send("GET", "/v1/tokens", &sent, Value::Null).await.0, 200);
    house.clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(house.send("GET", "/v1/tokens", &sent, Value::Null).await.0, 418);
    let bearer = format!("Bearer {}", rotated["secret"].as_str().unwrap());
    let sent = [("authorization", bearer.as_str())];
    let path = format!("/v1/tokens/{}", rotated["token"]["id"].as_str().unwrap());
    assert_eq!(house.send("DELETE", &path, &sent, Value::Null).await.0, 204);
    assert_eq!(house.send("GET", "/v1/tokens", &sent, Value::Null).await.0, 418);
    let unknown = json!({ "scopes": ["delete"] });
    assert_eq!(house.local("POST", "/v1/tokens", unknown).await.0, 400);
}

#[tokio::test]
async fn another_process_learns_of_a_revocation_within_a_second_and_the_audit_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::system();
    let (one, other) = (open(folder.path(), &clock).await, open(folder.path(), &clock).await);
    let following = other.follow();
    let new = NewToken {
        name: String::new(),
        scopes: Scopes::parse("search").unwrap(),
        expires_in_s: None,
        audience: None,
    };
    let (secret, token) = new_token(one.records(), new, clock.unix_ms()).await.unwrap();
    let gate = other.gate(None).unwrap();
    let headers = [("authorization", format!("Bearer {secret}"))];
    let headers: HeaderMap = headers
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    let search = || {
        let rule = table::http("GET", Some("/v1/search"));
        gate.is_closed() && gate.admit(rule, &axum::http::Method::GET, &headers, None).is_ok()
    };
    let within_a_second = async |expected: bool| {
        let started = std::time::Instant::now();
        while search() != expected {
            assert!(started.elapsed() < std::time::Duration::from_secs(1));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    within_a_second(true).await;
    one.records().revoke(&token.id, clock.unix_ms()).await.unwrap();
    within_a_second(false).await;
    let entry = courant_access::AuditEntry {
        at_ms: clock.unix_ms(),
        who: "anyone".into(),
        what: "POST /v1/articles".into(),
        target: "/v1/articles".into(),
        result: "done".into(),
        request: String::new(),
        address: String::new(),
    };
    gate.audit().note(entry.clone());
    following.end().await;
    assert_eq!(one.records().audit(None, 10).await.unwrap().entries, [entry]);
    assert!(one.records().token(&token.id).await.unwrap().used_at_ms.is_some());
}

#[tokio::test]
async fn a_form_signs_in_and_a_page_of_the_service_changes_without_a_token() {
    let house = House::new().await;
    let ann = json!({ "name": "ann", "password": PASSWORD, "role": "reader" });
    assert_eq!(house.local("POST", "/v1/people", ann).await.0, 201);
    let form = async |form: &'static str| {
        house.ask(Request::post("/sign-in").body(Body::from(form)).unwrap()).await
    };
    let wrong = form("name=ann&password=a+wrong+password").await;
    assert_eq!(wrong.status(), 401);
    let page = to_bytes(wrong.into_body(), 1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&page).contains("the name or the password is wrong"));

    let right = form("name=ann&password=correct+horse+battery").await;
    assert_eq!(
        (right.status(), &right.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );
    let cookie = right.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let sign_out = async |site: &str| {
        let request = Request::post("/sign-out").header("cookie", cookie);
        house.ask(request.header("sec-fetch-site", site).body(Body::empty()).unwrap()).await
    };
    assert_eq!(sign_out("cross-site").await.status(), 418);
    assert_eq!(sign_out("same-site").await.status(), 418);
    assert_eq!(sign_out("same-origin").await.status(), StatusCode::SEE_OTHER);
    let (status, _) = house.send("GET", "/v1/session", &[("cookie", cookie)], Value::Null).await;
    assert_eq!(status, 418);
}
