//! The path of one article and of one search, as an OpenTelemetry collector sees them.

use std::time::Duration;

use courant_proto::v1::GetStatusRequest;
use courant_proto::v1::admin_client::AdminClient;
use courant_tests::{
    AgentProcess, CollectedSpan, Collector, EmbeddedPipeline, Publishers, Stack, Trace, http, until,
};
use serde_json::json;
use tonic::transport::Endpoint;

/// The spans of an article's messages: service, subject that is handled.
const PATH: [(&str, &str); 4] = [
    ("courant-gateway", "courant.entry.submitted"),
    ("courant-embedder", "courant.article.accepted"),
    ("courant-analyst", "courant.article.embedded"),
    ("courant-storage", "courant.article.analyzed"),
];
/// Spans are exported every few seconds.
const EXPORTED: Duration = Duration::from_secs(60);
/// A caller's span.
const CALLER: &str = "00f067aa0ba902b7";

/// The `traceparent` of a caller in the trace of this number, and that trace.
fn caller(number: u8) -> (String, String) {
    let trace = format!("4bf92f3577b34da6a3ce929d0e0e{number:04x}");
    (format!("00-{trace}-{CALLER}-01"), trace)
}

async fn submit(base: &str, traceparent: &str) {
    let article = json!({
        "submission_id": "traced-1",
        "url": "https://gazette.example/harbour",
        "title": "Harbour reopens after the storm",
        "text": "The harbour was opened again on Monday, after crews had cleared the wreckage of \
                 the storm from the main channel. Ferries resumed their morning service.",
    });
    let url = format!("{base}/v1/articles?wait=10");
    let request = http().post(url).header("traceparent", traceparent).json(&article);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

/// The trace, once it holds the submission and every span of the article's path: each process
/// exports its own when it likes.
async fn article(collector: &Collector, trace: &str, service: impl Fn(&str) -> String) -> Trace {
    until("the article's path is exported", EXPORTED, async || {
        let exported = collector.trace(trace);
        let request = exported.span(&service(PATH[0].0), "POST /v1/articles");
        Ok(request.is_some() && has_path(&exported, &service))
    })
    .await
    .unwrap();
    collector.trace(trace)
}

/// Returns true if every stage has exported its span.
fn has_path(trace: &Trace, service: impl Fn(&str) -> String) -> bool {
    let has = |(agent, subject): &(&str, &str)| {
        trace.span(&service(agent), &format!("process {subject}")).is_some()
    };
    PATH.iter().all(has)
}

/// Each stage's span is part of the one before it; the first is part of `origin`.
fn assert_path(trace: &Trace, origin: &str, system: &str, service: impl Fn(&str) -> String) {
    let mut before = origin.to_owned();
    for (agent, subject) in PATH {
        let name = format!("process {subject}");
        let span =
            trace.span(&service(agent), &name).unwrap_or_else(|| panic!("{name}: {trace:?}"));
        assert!(trace.is_within(span, &before), "{name} within {before}: {trace:#?}");
        assert_eq!(span.attribute("messaging.system"), Some(system), "{span:?}");
        before.clone_from(&span.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_and_a_search_are_followed_through_all_processes() {
    let publishers = Publishers::sample().await.unwrap();
    let collector = Collector::start().await.unwrap();
    let stack = Stack::start_with(&publishers, &[collector.variable()]).await.unwrap();
    let gateway = |path: &str| stack.url(path);

    let (traceparent, trace) = caller(1);
    submit(&gateway(""), &traceparent).await;
    let found = article(&collector, &trace, str::to_owned).await;
    let request = found.span("courant-gateway", "POST /v1/articles").expect("its request");
    assert_eq!(request.parent, CALLER, "{request:?}");
    assert_path(&found, &request.id, "nats", str::to_owned);

    let (traceparent, trace) = caller(2);
    let search = http().get(gateway("/v1/search?q=ferries")).header("traceparent", traceparent);
    assert!(search.send().await.unwrap().status().is_success());
    let reply = "reply courant.request.embed";
    until("the search is exported", EXPORTED, async || {
        let trace = collector.trace(&trace);
        let ends = [("courant-gateway", "GET /v1/search"), ("courant-embedder", reply)];
        Ok(ends.iter().all(|(service, name)| trace.span(service, name).is_some()))
    })
    .await
    .unwrap();
    let found = collector.trace(&trace);
    let request = found.span("courant-gateway", "GET /v1/search").unwrap();
    let reply = found.span("courant-embedder", reply).unwrap();
    assert!(found.is_within(reply, &request.id), "{found:#?}");

    let refused = http().get(gateway("/v1/articles/none")).header("x-request-id", "caller-7");
    let answer = refused.send().await.unwrap();
    assert!(answer.status().is_client_error());
    assert_eq!(answer.headers()["x-request-id"], "caller-7");
    let logs = stack.logs();
    let lines: Vec<_> = logs.lines().filter(|line| line.contains("caller-7")).collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");

    stack.round().await.unwrap();
    let is_whole = |span: &CollectedSpan| {
        span.name == "crawl page" && has_path(&collector.trace(&span.trace), str::to_owned)
    };
    until("a page's path is exported", EXPORTED, async || {
        Ok(collector.spans().iter().any(is_whole))
    })
    .await
    .unwrap();
    let spans = collector.spans();
    let page = spans.iter().find(|span| is_whole(span)).unwrap();
    assert_eq!((page.service.as_str(), page.parent.as_str()), ("courant-crawler", ""));
    assert_path(&collector.trace(&page.trace), &page.id, "nats", str::to_owned);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_names_its_own_bus() {
    let publishers = Publishers::sample().await.unwrap();
    let collector = Collector::start().await.unwrap();
    let embedded = EmbeddedPipeline::new(&publishers).unwrap();
    let mut command = embedded.command(&["run"]).unwrap();
    let (name, value) = collector.variable();
    command.env("COURANT__CRAWLER__SOURCES", "[]").env(name, value);
    let mut process = AgentProcess::start("run", command, embedded.folder()).unwrap();
    process.ready().await.unwrap();
    let (traceparent, trace) = caller(3);
    submit(&format!("http://127.0.0.1:{}", process.http), &traceparent).await;
    let found = article(&collector, &trace, |_| "courant".to_owned()).await;
    let request = found.span("courant", "POST /v1/articles").expect("its request");
    assert_eq!(request.parent, CALLER, "{request:?}");
    assert_path(&found, &request.id, "courant", |_| "courant".to_owned());

    let (traceparent, trace) = caller(4);
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", process.grpc)).unwrap();
    let mut admin = AdminClient::new(endpoint.connect().await.unwrap());
    let mut call = tonic::Request::new(GetStatusRequest::default());
    call.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    let answer = admin.get_status(call).await.unwrap();
    assert!(answer.metadata().contains_key("x-request-id"));
    let name = "courant.v1.Admin/GetStatus";
    until("the call is exported", EXPORTED, async || {
        let trace = collector.trace(&trace);
        Ok(trace.span("courant", name).is_some_and(|span| span.parent == CALLER))
    })
    .await
    .unwrap();
}
