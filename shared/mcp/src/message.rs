//! Messages of JSON-RPC as they pass: their ids, and the headers that HTTP wants with them.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

const VERSION_HEADER: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD_HEADER: HeaderName = HeaderName::from_static("mcp-method");
const NAME_HEADER: HeaderName = HeaderName::from_static("mcp-name");
const VERSION_MEMBER: &str = "io.modelcontextprotocol/protocolVersion";
const INTERNAL_ERROR: i32 = -32_603;
pub(crate) const INVALID_REQUEST: i32 = -32_600;

/// A message of a client. What is no JSON has no members.
pub(crate) struct Message(Value);

impl Message {
    pub(crate) fn read(line: &[u8]) -> Self {
        Self(serde_json::from_slice(line).unwrap_or_default())
    }

    fn method(&self) -> Option<&str> {
        self.0["method"].as_str()
    }

    /// The id of a request. `None` for notifications and answers.
    pub(crate) fn request_id(&self) -> Option<&Value> {
        self.method()?;
        self.0.get("id").filter(|id| !id.is_null())
    }

    pub(crate) fn is_initialize(&self) -> bool {
        self.method() == Some("initialize")
    }

    /// The id of the request that this notification cancels.
    pub(crate) fn cancels(&self) -> Option<&Value> {
        let is_cancel = self.method() == Some("notifications/cancelled");
        self.0["params"].get("requestId").filter(|_| is_cancel)
    }

    /// Returns the headers that HTTP wants with this message. `negotiated`: the version of a
    /// client that began with `initialize`.
    pub(crate) fn headers(&self, negotiated: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let stated = self.0["params"]["_meta"][VERSION_MEMBER].as_str();
        if let Some(version) = stated.or(negotiated).and_then(value_of) {
            headers.insert(VERSION_HEADER, version);
        }
        let (Some(_), Some(method)) = (stated, self.method()) else { return headers };
        if let Some(method) = value_of(method) {
            headers.insert(METHOD_HEADER, method);
        }
        let named_by = match method {
            "tools/call" | "prompts/get" => "name",
            "resources/read" => "uri",
            _ => return headers,
        };
        if let Some(name) = self.0["params"][named_by].as_str().and_then(value_of) {
            headers.insert(NAME_HEADER, name);
        }
        headers
    }
}

/// Writes a text as a header. What a header cannot hold is put in base64, as the protocol says.
fn value_of(text: &str) -> Option<HeaderValue> {
    let is_plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        && text.trim() == text
        && !text.starts_with("=?base64?");
    if is_plain {
        return HeaderValue::from_str(text).ok();
    }
    HeaderValue::from_str(&format!("=?base64?{}?=", BASE64_STANDARD.encode(text))).ok()
}

/// The version that an answer to `initialize` settles on.
pub(crate) fn settled_version(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    answer["result"]["protocolVersion"].as_str().map(str::to_owned)
}

/// The error for a request that the endpoint did not answer.
pub(crate) fn failure(id: &Value, message: &str) -> Vec<u8> {
    error(INTERNAL_ERROR, id, message)
}

pub(crate) fn error(code: i32, id: &Value, message: &str) -> Vec<u8> {
    let error = json!({"code": code, "message": message});
    json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_repeat_what_a_message_of_the_stateless_protocol_says() {
        let headers = |params: Value| {
            let message = json!({"id": 1, "method": "tools/call", "params": params});
            Message(message).headers(Some("2025-11-25"))
        };
        let old = headers(json!({"name": "a"}));
        assert_eq!(old["mcp-protocol-version"], "2025-11-25");
        assert_eq!(old.len(), 1);
        let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28"});
        let new = headers(json!({"name": "a", "_meta": meta}));
        assert_eq!(new["mcp-protocol-version"], "2026-07-28");
        assert_eq!(
            (&new["mcp-method"], &new["mcp-name"]),
            (&"tools/call".parse().unwrap(), &"a".parse().unwrap())
        );
        let new = headers(json!({"name": "é\n", "_meta": meta}));
        assert_eq!(new["mcp-name"], "=?base64?w6kK?=");
    }

    #[test]
    fn only_requests_have_an_id() {
        let id = |line: &str| Message::read(line.as_bytes()).request_id().cloned();
        assert_eq!(id(r#"{"id":"a","method":"ping"}"#), Some(json!("a")));
        for other in ["", "{", "[]", r#"{"id":1,"result":{}}"#, r#"{"id":null,"method":"x"}"#] {
            assert_eq!(id(other), None, "{other}");
        }
    }
}
