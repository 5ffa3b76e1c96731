//! The client of the official Rust library, over HTTP on loopback.

use std::net::Ipv4Addr;

use rmcp::ServiceExt as _;
use rmcp::model::{
    CallToolRequestParams, GetPromptRequestParams, JsonObject, ReadResourceRequestParams,
    ResourceContents,
};
use rmcp::transport::StreamableHttpClientTransport;
use serde_json::json;

use super::*;

fn object(value: &Value) -> JsonObject {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn the_official_client_lists_calls_and_reads() {
    let house = House::new().await;
    let id = house.has_stored("https://a.example/1", "The bridge stays", BRIDGE, [1.0, 0.0, 0.0]);
    let id = id.await.to_string();
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving =
        tokio::spawn(axum::serve(listener, house.gateway.routes().into_router()).into_future());

    // This fails only if a provider was installed already, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let transport = StreamableHttpClientTransport::from_uri(format!("http://{address}/mcp"));
    let client = soon(().serve(transport)).await.unwrap();
    assert_eq!(soon(client.list_all_tools()).await.unwrap().len(), 12);
    let arguments = object(&json!({"query": "bridge", "mode": "text"}));
    let call = CallToolRequestParams::new("search_articles").with_arguments(arguments);
    let found = soon(client.call_tool(call)).await.unwrap();
    let content = found.structured_content.unwrap();
    assert_eq!((&content["total"], &content["hits"][0]["id"]), (&json!(1), &json!(id)));

    let uri = found.content[1].as_resource_link().unwrap().uri.clone();
    let read = soon(client.read_resource(ReadResourceRequestParams::new(uri))).await.unwrap();
    let ResourceContents::TextResourceContents { text, .. } = &read.contents[0] else {
        panic!("not a text: {read:?}");
    };
    assert!(text.contains(&id), "{text}");
    assert_eq!(soon(client.list_all_prompts()).await.unwrap().len(), 4);
    let arguments = object(&json!({"claim": "The bridge stays"}));
    let prompt = GetPromptRequestParams::new("check_claim").with_arguments(arguments);
    assert_eq!(soon(client.get_prompt(prompt)).await.unwrap().messages.len(), 1);
    soon(client.cancel()).await.unwrap();
    serving.abort();
}
