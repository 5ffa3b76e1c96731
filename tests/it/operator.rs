//! The interfaces for an operator: health, admin, reflection.

use std::time::Duration;

use courant_proto::v1::admin_client::AdminClient;
use courant_proto::v1::{
    AgentState, DrainRequest, GetStatusRequest, PauseRequest, ResumeRequest, SetLogLevelRequest,
};
use courant_tests::{AgentProcess, EmbeddedPipeline, Program, Publishers, Stack, http, until};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

async fn service() -> (EmbeddedPipeline, AgentProcess, Channel) {
    let publishers = Publishers::sample().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let mut command = embedded.command(&["run"]).unwrap();
    command.env("COURANT__CRAWLER__SOURCES", "[]");
    let mut process = AgentProcess::start("service", command, embedded.folder()).unwrap();
    process.ready().await.unwrap();
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", process.grpc)).unwrap();
    let channel = endpoint.connect().await.unwrap();
    (embedded, process, channel)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_paused_resumed_and_drained_over_grpc() {
    let (_embedded, mut process, channel) = service().await;
    let mut admin = AdminClient::new(channel);

    let agents = admin.get_status(GetStatusRequest::default()).await.unwrap().into_inner().agents;
    let names: Vec<_> = agents.iter().map(|agent| agent.agent.as_str()).collect();
    assert_eq!(names, ["crawler", "gateway", "embedder", "analyst", "storage"]);

    let one = |name: &str| name.to_owned();
    let paused = admin.pause(PauseRequest { agent: one("analyst") }).await.unwrap().into_inner();
    assert_eq!(paused.agents[0].state(), AgentState::Paused);
    let resumed = admin.resume(ResumeRequest { agent: one("analyst") }).await.unwrap().into_inner();
    assert_eq!(resumed.agents[0].state(), AgentState::Running);

    let unknown = admin.pause(PauseRequest { agent: one("printer") }).await.unwrap_err();
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let filter = "info,courant_bus=debug".to_owned();
    let changed = admin.set_log_level(SetLogLevelRequest { filter }).await.unwrap().into_inner();
    assert_eq!(changed.previous_filter, "warn");
    let wrong = admin.set_log_level(SetLogLevelRequest { filter: "x=loud".into() }).await;
    assert_eq!(wrong.unwrap_err().code(), tonic::Code::InvalidArgument);

    let drained = admin.drain(DrainRequest { agent: one("crawler") }).await.unwrap().into_inner();
    assert_ne!(drained.agents[0].state(), AgentState::Running);
    let refused = admin.resume(ResumeRequest { agent: one("crawler") }).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    let status = process.drain().await.unwrap();
    assert!(status.success(), "{}", process.log());
}

async fn admin(arguments: &[&str], port: u16) -> String {
    let mut command = Program::Courant.command().unwrap();
    // The scheme may be left out.
    command.arg("admin").args(arguments).args(["--server", &format!("127.0.0.1:{port}")]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_ends_with_the_last_agent_that_is_drained_and_says_so() {
    let (embedded, mut process, _channel) = service().await;
    let said = admin(&["gateway", "drain"], process.grpc).await;
    assert!(
        said.contains("the process goes on with crawler, embedder, analyst, storage"),
        "{said}"
    );
    let said = admin(&["gateway", "resume"], process.grpc).await;
    assert!(said.contains("start its process again"), "{said}");

    let text = embedded.folder().join("article.txt");
    std::fs::write(
        &text,
        "Divers cleared the wreck of a fishing boat from the main channel today.",
    )
    .unwrap();
    let publish = ["publish", "--title", "Harbour", "--url", "https://a.example/harbour"];
    let publish = [&publish[..], &[text.to_str().unwrap()]].concat();
    let mut publish = embedded.command(&publish).unwrap();
    let refused = tokio::task::spawn_blocking(move || publish.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("the gateway drains"), "{said}");

    let said = admin(&["all", "drain"], process.grpc).await;
    assert!(said.contains("the process ends"), "{said}");
    let status = process.ended(Duration::from_secs(60)).await.unwrap();
    assert!(status.success(), "{}", process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawler_of_its_own_ends_when_it_is_drained() {
    let publishers = Publishers::sample().await.unwrap();
    let stack = Stack::start(&publishers).await.unwrap();
    let mut crawler = stack.crawl_on().unwrap();
    crawler.ready().await.unwrap();
    let said = admin(&["crawler", "drain"], crawler.grpc).await;
    assert!(said.contains("the process ends"), "{said}");
    let status = crawler.ended(Duration::from_secs(60)).await.unwrap();
    assert!(status.success(), "{}", crawler.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_the_other_protocol_is_named_as_such() {
    let (embedded, process, _channel) = service().await;
    let said = admin(&["all", "status"], process.http).await;
    assert!(said.contains("looks like the HTTP port; gRPC is usually 8081"), "{said}");
    let server = format!("127.0.0.1:{}", process.grpc);
    let mut search = Program::Courant.command().unwrap();
    search.args(["search", "rain", "--server", &server]).current_dir(embedded.folder());
    let output = tokio::task::spawn_blocking(move || search.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("looks like the gRPC port; HTTP is usually 8080"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_article_is_found_and_the_service_drains_on_a_signal() {
    let (_embedded, mut process, _channel) = service().await;
    let base = format!("http://127.0.0.1:{}", process.http);
    let client = http();
    let article = serde_json::json!({
        "url": "https://gazette.example/harbour",
        "title": "Harbour reopens",
        "text": "The harbour reopened on Monday after divers cleared the wreck of a fishing boat \
                 from the main channel. Ferries resumed their morning service to the islands.",
    });
    let answer =
        client.post(format!("{base}/v1/articles?wait=10")).json(&article).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    until("the article is found", Duration::from_secs(30), async || {
        let url = format!("{base}/v1/search?q=ferries&k=1");
        let answer: serde_json::Value = client.get(url).send().await?.json().await?;
        Ok(answer["hits"][0]["url"] == "https://gazette.example/harbour")
    })
    .await
    .unwrap();
    let status = process.drain().await.unwrap();
    assert!(status.success(), "{}", process.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_pipeline_takes_in_what_commands_submit() {
    let (embedded, process, _channel) = service().await;
    let run = async |arguments: &[&str]| {
        let mut command = embedded.command(arguments).unwrap();
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("article.txt");
    std::fs::write(
        &text,
        "Divers cleared the wreck of a fishing boat from the main channel today.",
    )
    .unwrap();
    let text = text.to_str().unwrap();
    let publish = ["publish", "--title", "Harbour", "--json", text, "--url"];
    for (url, decision) in [
        ("https://a.example/harbour", "new"),
        ("https://b.example/harbour", "syndicated"),
        ("https://a.example/harbour", "duplicate"),
    ] {
        let output = run(&[&publish[..], &[url]].concat()).await;
        assert!(output.status.success(), "{output:?} {}", process.log());
        let published: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(published["decision"], decision, "{url}: {published:#}");
    }

    // More than may wait for their decisions at a time.
    let lines = (0..600).map(|number| {
        let text = format!(
            "Ferry number {number} of the islands' line resumed its morning service \
                            on day {number} of the year, said harbour master {number}."
        );
        let url = format!("https://c.example/ferry/{number}");
        serde_json::json!({ "url": url, "title": "Ferry", "text": text }).to_string()
    });
    let file = folder.path().join("articles.jsonl");
    std::fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let output = run(&["ingest", file.to_str().unwrap(), "--json"]).await;
    assert!(output.status.success(), "{output:?} {}", process.log());
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outcome["undecided"], 0, "{outcome:#}");
    let decided = outcome["decided"].as_object().unwrap();
    let decided: u64 = decided.values().map(|entries| entries.as_u64().unwrap()).sum();
    assert_eq!(decided, 600, "{outcome:#}");

    let refused =
        run(&["publish", "--title", "Short", "--url", "https://a.example/b", "/dev/null"]);
    let refused = refused.await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("the text is empty"), "{said}");
    std::fs::write(text, "Too few words.").unwrap();
    let refused = run(&[&publish[..], &["https://a.example/b"]].concat()).await;
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("fewer than"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_looked_through_while_its_pipeline_runs() {
    let (embedded, process, _channel) = service().await;
    let mut check = embedded.command(&["check", "--json"]).unwrap();
    let output = tokio::task::spawn_blocking(move || check.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{output:?} {}", process.log());
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["spool"]["problems"], serde_json::json!([]));
    assert_eq!(found["store"]["problems"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_shows_its_machine_and_where_vectors_are_compared() {
    let (_embedded, process, _channel) = service().await;
    let url = format!("http://127.0.0.1:{}/v1/search?q=ferries&mode=vector", process.http);
    let answer = http().get(url).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let figures = process.figures().await.unwrap();
    for (name, label) in [
        ("courant_host_cpu_seconds_total", ("mode", "idle")),
        ("courant_host_memory_bytes", ("kind", "available")),
        ("courant_host_disk_bytes", ("kind", "total")),
        ("courant_store_duration_seconds_count", ("operation", "nearest")),
    ] {
        assert!(figures.sum(name, &[label]) > 0.0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_the_agents_and_reflection_names_the_services() {
    let (_embedded, _process, channel) = service().await;
    let mut health = HealthClient::new(channel.clone());
    let mut admin = AdminClient::new(channel.clone());
    let mut serves = async |service: &str, expected: ServingStatus| {
        until(&format!("{service:?} is {expected:?}"), Duration::from_secs(20), async || {
            let request = HealthCheckRequest { service: service.to_owned() };
            Ok(health.check(request).await?.into_inner().status() == expected)
        })
        .await
        .unwrap();
    };
    serves("", ServingStatus::Serving).await;
    serves("embedder", ServingStatus::Serving).await;
    admin.pause(PauseRequest { agent: "embedder".into() }).await.unwrap();
    serves("embedder", ServingStatus::NotServing).await;
    admin.resume(ResumeRequest { agent: "embedder".into() }).await.unwrap();
    serves("embedder", ServingStatus::Serving).await;

    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(channel);
    let answers = reflection.server_reflection_info(tokio_stream::iter([request])).await.unwrap();
    let answer = answers.into_inner().message().await.unwrap().unwrap();
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("the services are listed: {answer:?}");
    };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["courant.v1.Admin", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
}
