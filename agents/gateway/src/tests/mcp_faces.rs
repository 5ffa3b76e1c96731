//! Resources, prompts, completions, and what is refused.

use serde_json::json;

use super::*;

impl House {
    async fn result(&self, method: &str, params: Value) -> Value {
        let (status, answer) = self.mcp(method, params).await;
        assert_eq!(status, 200, "{answer}");
        answer["result"].clone()
    }
}

#[tokio::test]
async fn articles_and_queries_are_resources() {
    let house = House::new().await;
    let id = house.has_stored("https://a.example/1", "The bridge stays", BRIDGE, [1.0, 0.0, 0.0]);
    let id = id.await.to_string();
    let listed = house.result("resources/list", json!({})).await;
    assert_eq!(listed["resources"].as_array().unwrap().len(), 3);
    let templates = house.result("resources/templates/list", json!({})).await;
    assert_eq!(templates["resourceTemplates"].as_array().unwrap().len(), 3);

    let read = async |uri: String| {
        let result = house.result("resources/read", json!({"uri": uri})).await;
        let text = result["contents"][0]["text"].as_str().unwrap();
        assert!(text.starts_with("{\"_notice\":"), "{text}");
        serde_json::from_str::<Value>(text).unwrap()
    };
    assert_eq!(read(format!("courant://articles/{id}")).await["text"], BRIDGE);
    let found = read("courant://search?q=bridge&site=a.example".into()).await;
    assert_eq!(found["hits"][0]["id"], id);

    let missing = "courant://articles/0f115db062b7c0dd030b16878c99dea5";
    for uri in [missing, "courant://nothing", "file:///etc/passwd", "x"] {
        let (_, answer) = house.mcp("resources/read", json!({"uri": uri})).await;
        assert_eq!(answer["error"]["code"], -32602, "{uri}: {answer}");
    }
}

#[tokio::test]
async fn four_prompts_take_arguments() {
    let house = House::new().await;
    let listed = house.result("prompts/list", json!({})).await;
    let prompts = listed["prompts"].as_array().unwrap();
    let names: Vec<_> = prompts.iter().map(|prompt| prompt["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["brief_me", "what_changed", "compare_coverage", "check_claim"]);
    let params = json!({"name": "compare_coverage", "arguments": {"subject": "the ferry"}});
    let prompt = house.result("prompts/get", params).await;
    let text = prompt["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(text.contains("the ferry") && text.contains("compare_outlets"), "{text}");
    let (_, answer) = house.mcp("prompts/get", json!({"name": "brief_me"})).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn arguments_are_completed_from_the_archive() {
    let house = House::new().await;
    for site in ["alpha", "beta", "alpine"] {
        let url = format!("https://{site}.example/1");
        house.has_stored(&url, "A", &format!("{BRIDGE} {site}"), [1.0, 0.0, 0.0]).await;
    }
    let complete = async |reference: Value, name: &str, value: &str| {
        let argument = json!({"name": name, "value": value});
        let params = json!({"ref": reference, "argument": argument});
        house.result("completion/complete", params).await["completion"]["values"].clone()
    };
    let prompt = json!({"type": "ref/prompt", "name": "compare_coverage"});
    let outlets = complete(prompt.clone(), "outlets", "alp").await;
    assert_eq!(outlets, json!(["alpha.example", "alpine.example"]));
    let templates = house.result("resources/templates/list", json!({})).await;
    let uri = &templates["resourceTemplates"][1]["uriTemplate"];
    let template = json!({"type": "ref/resource", "uri": uri});
    assert_eq!(complete(template.clone(), "lang", "e").await, json!(["en"]));
    assert_eq!(complete(template.clone(), "topic", "spo").await, json!(["sport"]));
    assert_eq!(complete(prompt, "colour", "").await, json!([]));
    let unknown =
        json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": ""}});
    let (_, answer) = house.mcp("completion/complete", unknown).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn methods_that_are_not_declared_are_not_answered() {
    let house = House::new().await;
    let discovered = house.result("server/discover", json!({})).await;
    let declared: Vec<_> = discovered["capabilities"].as_object().unwrap().keys().collect();
    assert_eq!(
        declared,
        ["completions", "extensions", "prompts", "resources", "tools"],
        "{discovered}"
    );
    for method in ["logging/setLevel", "resources/subscribe", "skills/list", "x/y"] {
        let params = json!({"level": "info", "uri": "courant://status", "taskId": "1"});
        let (status, answer) = house.mcp(method, params).await;
        assert_eq!((status, &answer["error"]["code"]), (404, &json!(-32601)), "{method}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_message_gets_an_error_of_json_rpc() {
    let house = House::new().await;
    for (body, code) in [
        ("{", -32700),
        ("", -32700),
        ("\"\\ud800\"", -32700),
        ("[]", -32600),
        ("{\"id\": 1}", -32600),
        ("7", -32600),
    ] {
        let request = Request::post("/mcp")
            .header(header::HOST, "localhost:8080")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream");
        let response = house.ask(request.body(Body::from(body)).unwrap()).await;
        let (status, answer) = read(response).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{body}: {answer}");
        assert_eq!((&answer["id"], &answer["jsonrpc"]), (&json!(null), &json!("2.0")));
    }
}

#[tokio::test]
async fn parameters_of_another_shape_are_invalid_not_unknown() {
    let house = House::new().await;
    for (method, params) in [
        ("tools/call", json!({"name": "list_facets", "arguments": 7})),
        ("prompts/get", json!({"name": "brief_me", "arguments": []})),
        ("completion/complete", json!({"ref": 1})),
    ] {
        let (_, answer) = house.mcp(method, params).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
}

#[test]
fn the_entry_for_registries_has_the_version_of_the_program() {
    let entry: Value = serde_json::from_str(include_str!("../../server.json")).unwrap();
    assert_eq!(entry["version"], env!("CARGO_PKG_VERSION"));
    assert!(entry["description"].as_str().unwrap().len() <= 100);
    assert_eq!(entry["remotes"][0]["type"], "streamable-http");
}
