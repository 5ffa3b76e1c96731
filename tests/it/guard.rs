//! The guarded door: every route with every kind of credential, and no secret where people look.

use std::process::Command;
use std::time::Duration;

use courant_access::Scope;
use courant_access::table::{self, Need, Rule};
use courant_proto::v1::GetStatusRequest;
use courant_proto::v1::admin_client::AdminClient;
use courant_tests::nats::{NatsServer, Sync};
use courant_tests::{AgentProcess, EmbeddedPipeline, Program, Publishers, Stack, http, until};
use reqwest::Method;
use serde_json::{Value, json};
use tonic::transport::Endpoint;
use tonic::{Code, Request};

/// The credentials of the table below, by their fault.
struct Tokens {
    admin: String,
    expired: String,
    revoked: String,
    metrics: String,
    search: String,
    foreign: String,
}

/// Runs `courant token …` and returns the secret that it prints.
fn token(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().next().unwrap_or_default().to_owned()
}

impl Tokens {
    fn make(courant: impl Fn(&[&str]) -> Command) -> Self {
        let create = |arguments: &[&str]| {
            token(courant(&[&["token", "create", "--scope"], arguments].concat()))
        };
        let made = Self {
            expired: create(&["admin", "--expires", "1s"]),
            revoked: create(&["admin"]),
            admin: create(&["admin"]),
            metrics: create(&["metrics"]),
            search: create(&["search"]),
            foreign: create(&["admin", "--audience", "https://other.example"]),
        };
        let id = made.revoked.split('_').nth(1).unwrap();
        token(courant(&["token", "revoke", id]));
        made
    }

    fn all(&self) -> [&str; 6] {
        let Self { admin, expired, revoked, metrics, search, foreign } = self;
        [admin, expired, revoked, metrics, search, foreign].map(String::as_str)
    }

    /// A token that lacks what `rule` needs.
    fn lacking(&self, rule: Rule) -> &str {
        if rule.need == Need::Scope(Scope::Metrics) { &self.search } else { &self.metrics }
    }
}

/// The status of a request, and the code of its error.
async fn ask(method: &str, url: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = http().request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.timeout(Duration::from_secs(10)).send().await.unwrap();
    let status = answer.status().as_u16();
    // Events have no end; the others are short.
    let body = if status < 400 { String::new() } else { answer.text().await.unwrap() };
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// Asks every route of the service's own document with every kind of credential.
async fn every_route_is_guarded(base: &str, tokens: &Tokens) {
    let document: Value =
        http().get(format!("{base}/openapi.json")).send().await.unwrap().json().await.unwrap();
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_ascii_uppercase();
            let rule = table::http_row(&method, path);
            let rule = rule.unwrap_or_else(|| panic!("{method} {path} has no row"));
            route_is_guarded(base, &method, path, rule, tokens).await;
            routes += 1;
        }
    }
    assert!(routes >= 30, "{routes} routes");
}

async fn route_is_guarded(base: &str, method: &str, path: &str, rule: Rule, tokens: &Tokens) {
    let concrete = path.replace("{id}", "0f115db062b7c0dd030b16878c99dea5");
    let concrete = concrete.replace("{number}", "999999").replace("{name}", "nobody");
    let url = format!("{base}{concrete}");
    let with = async |token: &str| {
        ask(method, &url, &[("authorization", &format!("Bearer {token}"))]).await
    };
    let name = format!("{method} {path}");
    let is_open = rule.need == Need::Nothing;
    let unauthenticated = (401, "unauthenticated".to_owned());
    let bad = ["courant_a_b", &tokens.expired, &tokens.revoked, &tokens.foreign];
    let mut answers = vec![ask(method, &url, &[]).await];
    for token in bad {
        answers.push(with(token).await);
    }
    for answer in answers {
        assert_eq!(answer == unauthenticated, !is_open, "{name}: {answer:?}");
    }
    let (status, code) = with(tokens.lacking(rule)).await;
    let needs_scope = matches!(rule.need, Need::Scope(_));
    assert_eq!(
        (status, code == "forbidden") == (403, true),
        needs_scope,
        "{name}: {status} {code}"
    );
    if ["/healthz", "/readyz", "/metrics"].contains(&path) {
        return;
    }
    let bearer = format!("Bearer {}", tokens.admin);
    let admin = ("authorization", bearer.as_str());
    let origin = ask(method, &url, &[admin, ("origin", "https://evil.example")]).await;
    assert_eq!(origin, (403, "origin_not_allowed".into()), "{name}");
    let host = ask(method, &url, &[admin, ("host", "evil.example")]).await;
    assert_eq!(host, (421, "host_not_allowed".into()), "{name}");
}

/// Asks the admin service with every kind of credential.
async fn grpc_is_guarded(port: u16, tokens: &Tokens) {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let status = async |token: Option<&str>| {
        let mut request = Request::new(GetStatusRequest::default());
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        let answer = AdminClient::new(channel.clone()).get_status(request).await;
        answer.map_or_else(|status| status.code(), |_| Code::Ok)
    };
    for token in [None, Some("courant_a_b"), Some(&tokens.expired), Some(&tokens.revoked)] {
        assert_eq!(status(token).await, Code::Unauthenticated, "{token:?}");
    }
    assert_eq!(status(Some(&tokens.foreign)).await, Code::Unauthenticated);
    assert_eq!(status(Some(&tokens.search)).await, Code::PermissionDenied);
    assert_eq!(status(Some(&tokens.admin)).await, Code::Ok);
}

/// Waits until the service knows of `tokens`.
async fn known(base: &str, tokens: &Tokens) {
    let bearer = format!("Bearer {}", tokens.foreign);
    until("the tokens count", Duration::from_secs(5), async || {
        let url = format!("{base}/v1/status");
        let (status, _) = ask("GET", &url, &[("authorization", &bearer)]).await;
        Ok(status == 401)
    })
    .await
    .unwrap();
    // The short-lived one has to end.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn service(embedded: &EmbeddedPipeline, variables: &[(&str, &str)]) -> AgentProcess {
    let mut command = embedded.command(&["run"]).unwrap();
    command.env("COURANT__CRAWLER__SOURCES", "[]");
    command.envs(variables.iter().copied());
    let mut process = AgentProcess::start("service", command, embedded.folder()).unwrap();
    process.ready().await.unwrap();
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_one_process_refuses_what_it_should_and_shows_no_secret() {
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let process = service(&embedded, &[]).await;
    let base = format!("http://127.0.0.1:{}", process.http);
    assert_eq!(ask("GET", &format!("{base}/v1/status"), &[]).await.0, 200, "the door is open");
    let tokens = Tokens::make(|arguments| embedded.command(arguments).unwrap());
    known(&base, &tokens).await;
    every_route_is_guarded(&base, &tokens).await;
    grpc_is_guarded(process.grpc, &tokens).await;
    // Whoever may read the data folder needs no token.
    let status = embedded.command(&["status", "--json"]).unwrap().output().unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));

    let (password, cookie) = a_day_of_people(&base, &tokens.admin).await;
    let mut seen = process.log();
    for arguments in [&["audit", "--json"][..], &["token", "list", "--json"], &["people", "list"]] {
        let output = embedded.command(arguments).unwrap().output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        seen += &String::from_utf8_lossy(&output.stdout);
    }
    for path in ["/v1/configuration", "/v1/audit?limit=1000", "/v1/tokens", "/metrics"] {
        let request = http().get(format!("{base}{path}")).bearer_auth(&tokens.admin);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        seen += &answer.text().await.unwrap();
    }
    assert!(seen.contains("person:ann") && seen.contains("DELETE /v1/sources/{id}"), "the audit");
    for secret in tokens.all().into_iter().chain([password, &cookie]) {
        assert!(!seen.contains(secret), "{secret} is shown");
        let part = secret.rsplit('_').next().unwrap();
        assert!(!seen.contains(part), "{part} is shown");
    }
}

/// A reader signs in, may not delete, becomes an editor, and may. Returns the password and the
/// secret of the session.
async fn a_day_of_people(base: &str, admin: &str) -> (&'static str, String) {
    const PASSWORD: &str = "planted-password-of-ann";
    let send = async |method: Method, path: &str, body: Value| {
        let request = http().request(method, format!("{base}{path}"));
        request.bearer_auth(admin).json(&body).send().await.unwrap().status().as_u16()
    };
    let ann = json!({"name": "ann", "password": PASSWORD, "role": "reader"});
    assert_eq!(send(Method::POST, "/v1/people", ann).await, 201);
    let signed = http()
        .post(format!("{base}/v1/session"))
        .json(&json!({"name": "ann", "password": PASSWORD}))
        .send()
        .await
        .unwrap();
    assert_eq!(signed.status(), 204);
    let cookie = signed.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let session = http().get(format!("{base}/v1/session")).header("cookie", &cookie);
    let session: Value = session.send().await.unwrap().json().await.unwrap();
    let csrf = session["csrf_token"].as_str().unwrap();
    let delete = async |csrf: &str| {
        let url = format!("{base}/v1/sources/0f115db062b7c0dd030b16878c99dea5");
        ask("DELETE", &url, &[("cookie", &cookie), ("x-csrf-token", csrf)]).await
    };
    assert_eq!(delete(csrf).await, (403, "forbidden".into()), "a reader deletes nothing");
    assert_eq!(send(Method::PATCH, "/v1/people/ann", json!({"role": "editor"})).await, 200);
    assert_eq!(delete("forged").await, (403, "forbidden".into()));
    assert_eq!(delete(csrf).await, (404, "not_found".into()), "there is no such source");
    (PASSWORD, cookie.rsplit('=').next().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_a_gateway_refuses_what_it_should_and_agents_know_the_service_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service-token");
    std::fs::write(&path, "planted-service-token-1").unwrap();
    let publishers = Publishers::sample().await.unwrap();
    let file = path.to_str().unwrap().to_owned();
    let variables = [("COURANT__ACCESS__SERVICE_TOKEN_FILE", file)];
    let mut stack = Stack::start_with(&publishers, &variables).await.unwrap();
    let url = stack.postgres.url();
    let tokens = Tokens::make(|arguments| {
        let mut command = Program::Courant.command().unwrap();
        command.args(arguments).env("COURANT__STORE__URL", &url).current_dir(folder.path());
        command
    });
    let base = stack.url("");
    known(&base, &tokens).await;
    every_route_is_guarded(&base, &tokens).await;
    let port = stack.agent("gateway").grpc;
    grpc_is_guarded(port, &tokens).await;

    let embedder = format!("http://127.0.0.1:{}", stack.agent("embedder").http);
    let models = async |token: &str| {
        let url = format!("{embedder}/v1/models");
        ask("GET", &url, &[("authorization", &format!("Bearer {token}"))]).await.0
    };
    assert_eq!(models("planted-service-token-1").await, 200);
    assert_eq!(models(&tokens.admin).await, 401, "tokens end at the gateway");
    std::fs::write(&path, "planted-service-token-2!").unwrap();
    until("the new service token counts", Duration::from_secs(5), async || {
        Ok(models("planted-service-token-2!").await == 200)
    })
    .await
    .unwrap();
    assert_eq!(models("planted-service-token-1").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_door_on_a_network_is_refused_and_a_guarded_one_prints_the_first_link() {
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let run = |variables: &[(&str, &str)]| {
        let mut command = embedded.command(&["run"]).unwrap();
        command.env("COURANT__CRAWLER__SOURCES", "[]").env("COURANT__SERVICE__BIND", "0.0.0.0");
        command.envs(variables.iter().copied());
        AgentProcess::start("exposed", command, embedded.folder()).unwrap()
    };
    let mut refused = run(&[]);
    let status = refused.ended(Duration::from_secs(60)).await.unwrap();
    assert!(!status.success() && refused.log().contains("service.insecure = true"));
    let mut guarded = run(&[("COURANT__ACCESS__REQUIRED", "always")]);
    guarded.ready().await.unwrap();
    assert!(guarded.log().contains("/setup?token="), "{}", guarded.log());
    let url = format!("http://127.0.0.1:{}/v1/status", guarded.http);
    assert_eq!(ask("GET", &url, &[]).await.0, 401);
}

/// The permissions of `docker/nats-auth.conf`, with each agent's name as its password.
fn permissions() -> String {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docker/nats-auth.conf");
    let text = std::fs::read_to_string(FILE).unwrap();
    ["crawler", "gateway", "embedder", "analyst", "storage"].iter().fold(text, |text, agent| {
        let variable = format!("${}_PASSWORD", agent.to_uppercase());
        assert!(text.contains(&variable), "{variable}");
        text.replace(&variable, agent)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_work_with_the_permissions_of_their_own_and_cannot_do_the_work_of_others() {
    let publishers = Publishers::sample().await.unwrap();
    let nats = NatsServer::start_with(Sync::Sometimes, &permissions()).await.unwrap();
    let url = nats.url();
    let mut stack = Stack::start_with_users(nats, &publishers).await.unwrap();
    stack.round().await.unwrap();
    let stored = stack.stored().await.unwrap();
    assert!(!stored.is_empty());

    for name in ["gateway", "embedder", "analyst", "storage"] {
        let log = stack.agent(name).log().to_lowercase();
        assert!(!log.contains("violation"), "{log}");
    }

    // The embedder's credentials, in other hands.
    let options = async_nats::ConnectOptions::new()
        .user_and_password("embedder".into(), "embedder".into())
        .custom_inbox_prefix("_INBOX.embedder")
        .request_timeout(Some(Duration::from_secs(1)));
    let thief = options.connect(&url).await.unwrap();
    let jetstream = async_nats::jetstream::new(thief.clone());
    let told = |subject: &'static str| {
        let jetstream = jetstream.clone();
        async move { jetstream.publish(subject, "forged".into()).await?.await }
    };
    for subject in ["courant.entry.submitted", "courant.article.analyzed", "courant.dlq.gateway"] {
        assert!(told(subject).await.is_err(), "{subject}");
    }
    let own = told("courant.article.embedded").await;
    assert!(own.is_ok(), "its own subject: {own:?}");
    for call in [
        "$JS.API.CONSUMER.MSG.NEXT.COURANT_ENTRY.gateway",
        "$JS.API.CONSUMER.MSG.NEXT.COURANT_ANALYZED.storage",
        "$JS.API.STREAM.DELETE.COURANT_ENTRY",
        "$JS.API.CONSUMER.DELETE.COURANT_ENTRY.gateway",
        "$JS.API.STREAM.PURGE.COURANT_ENTRY",
        "$JS.API.STREAM.MSG.GET.COURANT_ENTRY",
    ] {
        let answer = thief.request(call, "{}".into()).await;
        assert!(answer.is_err(), "{call}: {answer:?}");
    }
    let known = thief.request("$JS.API.STREAM.INFO.COURANT_ACCEPTED", "".into()).await;
    assert!(known.is_ok(), "what it may do is answered: {known:?}");
    let wrong = async_nats::ConnectOptions::new().user_and_password("storage".into(), "x".into());
    assert!(wrong.connect(&url).await.is_err());
}
