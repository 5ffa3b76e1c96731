//! The leave of callers: rows of routes and tools, and tools over HTTP.

use courant_access::{Caller, Gate, Principal, PrincipalKind, Scopes, table};
use serde_json::json;

use super::*;
use crate::mcp::tool_names;

#[tokio::test]
async fn each_route_and_each_tool_has_its_row_in_the_table() {
    let house = House::new().await;
    let routes = house.gateway.routes();
    for operation in routes.operations() {
        let method = operation.method().as_str().to_ascii_uppercase();
        let row = table::http_row(&method, operation.path());
        let path = operation.path();
        assert!(row.is_some(), "{method} {path} needs a row in shared/access/src/table.rs");
    }
    let tools = tool_names();
    assert_eq!(tools.len(), 12);
    for tool in tools {
        assert!(table::tool_row(&tool).is_some(), "{tool} needs a row there");
    }
}

#[tokio::test]
async fn a_tool_needs_its_scope_and_changes_are_noted() {
    let house = House::new().await;
    let call = async |scopes: &str, tool: &str, arguments: Value| {
        let (audit, mut entries) = courant_access::AuditLog::new();
        let scopes = Scopes::parse(scopes).unwrap();
        let principal = Principal::new(PrincipalKind::Program, "t", scopes);
        let gate = Gate::open().with(None, audit);
        let caller = Caller::new(gate, principal, "request".into(), "10.0.0.1".into());
        let params = json!({"name": tool, "arguments": arguments});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        let mut request = Request::post("/mcp")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::HOST, "localhost")
            .header("mcp-protocol-version", "2025-11-25")
            .body(Body::from(message.to_string()))
            .unwrap();
        request.extensions_mut().insert(caller);
        let (_, answer) = read(house.ask(request).await).await;
        (answer["result"].clone(), entries.try_recv().ok())
    };
    let source = json!({"url": "https://a.example/feed"});
    let (refused, entry) = call("search,read", "add_source", source.clone()).await;
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(refused["content"][0]["text"].as_str().unwrap().contains("scope submit"), "{refused}");
    assert_eq!(entry.unwrap().result, "forbidden");
    let (added, entry) = call("submit", "add_source", source).await;
    assert_ne!(added["isError"], true, "{added}");
    let entry = entry.unwrap();
    assert_eq!((entry.who.as_str(), entry.what.as_str()), ("token:t", "mcp add_source"));
    assert_eq!((entry.result.as_str(), entry.request.as_str()), ("done", "request"));
    let (listed, entry) = call("read", "list_sources", json!({})).await;
    assert!(listed["isError"] != true && entry.is_none(), "{listed}");
    let (refused, _) = call("submit", "list_sources", json!({})).await;
    assert_eq!(refused["isError"], true, "{refused}");
}
