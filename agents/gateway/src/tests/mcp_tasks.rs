//! Long calls of MCP as tasks.

use serde_json::json;

use super::*;

impl House {
    /// The result, or the error, of a client that takes tasks.
    async fn tasks(&self, method: &str, params: Value) -> Result<Value, Value> {
        let able = json!({"extensions": {"io.modelcontextprotocol/tasks": {}}});
        let (_, answer) = self.mcp_able(method, params, able).await;
        match answer.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(answer["error"].clone()),
        }
    }

    async fn submits(&self, text: &str) -> String {
        let article = json!({"url": "https://a.example/1", "title": "Bridge", "text": text});
        let call = json!({"name": "submit_article", "arguments": article});
        let begun = self.tasks("tools/call", call).await.unwrap();
        assert_eq!((&begun["resultType"], &begun["status"]), (&json!("task"), &json!("working")));
        assert!(begun["statusMessage"].as_str().unwrap().contains("stored"), "{begun}");
        begun["taskId"].as_str().unwrap().to_owned()
    }

    async fn ended(&self, task: &str) -> Value {
        soon(async {
            loop {
                let state = self.tasks("tasks/get", json!({"taskId": task})).await.unwrap();
                if state["status"] != "working" {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
    }
}

#[tokio::test]
async fn a_submission_is_a_task_until_its_end_or_its_cancellation() {
    let house = House::new().await.open();
    let refused = house.submits("Too short.").await;
    let state = house.ended(&refused).await;
    assert_eq!(state["status"], "completed", "{state}");
    let text = state["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("{\"_notice\":") && text.contains("2 words"), "{text}");

    // Nothing is stored here: it waits.
    let waiting = house.submits(BRIDGE).await;
    let cancelled = house.tasks("tasks/cancel", json!({"taskId": waiting})).await;
    assert!(cancelled.is_ok(), "{cancelled:?}");
    assert_eq!(house.ended(&waiting).await["status"], "cancelled");
    house.close().await;
}

#[tokio::test]
async fn tasks_are_for_clients_that_take_them_and_for_long_calls() {
    let house = House::new().await.open();
    let short = json!({"url": "https://a.example/1", "title": "A", "text": "Too short."});
    let direct = house.call("submit_article", short).await;
    assert_eq!(direct["isError"], false, "{direct}");
    let search = json!({"name": "search_articles", "arguments": {"query": "a", "mode": "text"}});
    let found = house.tasks("tools/call", search).await.unwrap();
    assert!(found.get("taskId").is_none(), "{found}");
    let wrong = json!({"name": "submit_article", "arguments": {"title": "A"}});
    assert_eq!(house.tasks("tools/call", wrong).await.unwrap()["isError"], true);

    let task = house.submits("Too short.").await;
    let (_, answer) = house.mcp("tasks/get", json!({"taskId": task})).await;
    assert_eq!(answer["error"]["code"], -32021, "the client did not declare them: {answer}");
    let unknown = house.tasks("tasks/get", json!({"taskId": "none"})).await.unwrap_err();
    assert_eq!(unknown["code"], -32602, "{unknown}");
    house.close().await;
}
