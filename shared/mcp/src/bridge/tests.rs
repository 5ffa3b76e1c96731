use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::io::BufReader;

use super::*;

/// An endpoint that answers with what it was sent, and with the version in its header.
fn echo() -> Router {
    let answer = async |headers: HeaderMap, body: Bytes| {
        let Ok(message) = serde_json::from_slice::<Value>(&body) else {
            let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32700}});
            return (StatusCode::BAD_REQUEST, Json(error));
        };
        if message["method"] == "slow" {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        let version = headers.get("mcp-protocol-version").map(|value| value.to_str().unwrap());
        let result = match message["method"].as_str() {
            Some("initialize") => json!({"protocolVersion": "2025-11-25", "version": version}),
            _ => json!({"version": version, "text": "a\nb"}),
        };
        match message.get("id") {
            Some(id) => {
                (StatusCode::OK, Json(json!({"jsonrpc": "2.0", "id": id, "result": result})))
            }
            None => (StatusCode::ACCEPTED, Json(Value::Null)),
        }
    };
    Router::new().route("/mcp", post(answer))
}

async fn answers(upstream: Upstream, input: String) -> Vec<Value> {
    let mut output = Vec::new();
    bridge(upstream, BufReader::new(input.as_bytes()), &mut output).await.unwrap();
    let lines = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[tokio::test]
async fn every_request_is_answered_on_a_line_and_the_end_waits_for_it() {
    let input = [
        json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"}),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "id": 2, "method": "ping"}),
    ];
    let input = input.map(|message| format!("{message}\r\n")).join("\n");
    let answers = answers(Upstream::Local(echo()), input).await;
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert_eq!(answers[0]["result"]["version"], Value::Null);
    assert_eq!(answers[1]["result"], json!({"version": "2025-11-25", "text": "a\nb"}));
}

#[tokio::test]
async fn a_line_that_is_no_json_gets_the_error_of_the_endpoint() {
    let answers = answers(Upstream::Local(echo()), "{\n".into()).await;
    assert_eq!(answers[0]["error"]["code"], -32700, "{answers:?}");
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_and_the_next_is_answered() {
    let long = "x".repeat(3 * MAX_LINE_BYTES);
    let ping = json!({"jsonrpc": "2.0", "id": 2, "method": "ping"});
    let answers = answers(Upstream::Local(echo()), format!("{long}\n{ping}\n")).await;
    assert_eq!(answers[0]["error"]["code"], -32600, "{answers:?}");
    assert_eq!(answers[1]["id"], 2);
}

#[tokio::test]
async fn a_cancelled_request_is_not_answered() {
    let slow = json!({"jsonrpc": "2.0", "id": "a", "method": "slow"});
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": {"requestId": "a"}});
    let answering = answers(Upstream::Local(echo()), format!("{slow}\n{cancel}\n"));
    let answers = tokio::time::timeout(Duration::from_secs(10), answering).await.unwrap();
    assert!(answers.is_empty(), "{answers:?}");
}

#[tokio::test]
async fn without_a_service_a_request_gets_an_error_with_its_id() {
    let upstream = Upstream::at("127.0.0.1:1/mcp").unwrap();
    let ping = json!({"jsonrpc": "2.0", "id": 7, "method": "ping"});
    let answers = answers(upstream, ping.to_string() + "\n").await;
    assert_eq!((&answers[0]["id"], &answers[0]["error"]["code"]), (&json!(7), &json!(-32603)));
    let message = answers[0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("http://127.0.0.1:1/mcp: nothing listens"), "{message}");
}
