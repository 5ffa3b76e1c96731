//! The fixtures, read from `fixtures.json`.

use rmcp::ErrorData;
use rmcp::model::{InputRequests, JsonObject, Prompt, Resource, ResourceTemplate, Tool};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A tool with its answer. `${name}` in it stands for an argument.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolFixture {
    pub(crate) tool: Tool,
    pub(crate) result: Value,
    /// Notifications that it sends first.
    #[serde(default)]
    pub(crate) notify: Vec<Value>,
    /// The request that it sends to the client first; `${answer}` is what comes back.
    pub(crate) ask: Option<Value>,
    /// The capability that it needs of the client.
    pub(crate) needs: Option<String>,
    /// The inputs that it requires, round by round.
    #[serde(default)]
    pub(crate) rounds: Vec<InputRequests>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct PromptFixture {
    pub(crate) prompt: Prompt,
    pub(crate) result: Value,
    #[serde(default)]
    pub(crate) rounds: Vec<InputRequests>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResourceFixture {
    pub(crate) resource: Resource,
    contents: Value,
}

#[derive(Debug, Deserialize)]
pub(crate) struct TemplateFixture {
    pub(crate) template: ResourceTemplate,
    contents: Value,
}

/// All fixtures.
#[derive(Debug, Deserialize)]
pub(crate) struct Fixtures {
    pub(crate) tools: Vec<ToolFixture>,
    pub(crate) prompts: Vec<PromptFixture>,
    pub(crate) resources: Vec<ResourceFixture>,
    pub(crate) template: TemplateFixture,
}

impl Default for Fixtures {
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
    fn default() -> Self {
        serde_json::from_str(include_str!("fixtures.json")).expect("the fixtures are valid")
    }
}

impl Fixtures {
    pub(crate) fn tool(&self, name: &str) -> Option<&ToolFixture> {
        self.tools.iter().find(|fixture| fixture.tool.name == name)
    }

    pub(crate) fn prompt(&self, name: &str) -> Option<&PromptFixture> {
        self.prompts.iter().find(|fixture| fixture.prompt.name == name)
    }

    /// Returns what stands at a URI.
    pub(crate) fn contents(&self, uri: &str) -> Option<Value> {
        if let Some(fixture) = self.resources.iter().find(|fixture| fixture.resource.uri == uri) {
            let mime_type = fixture.resource.mime_type.as_deref();
            return Some(contents_at(uri, mime_type, &fixture.contents));
        }
        let TemplateFixture { template, contents } = &self.template;
        let (before, after) = template.uri_template.split_once("{id}")?;
        let id = uri.strip_prefix(before)?.strip_suffix(after)?;
        let values = JsonObject::from_iter([("id".to_owned(), json!(id))]);
        let contents = filled(contents, &values);
        Some(contents_at(uri, template.mime_type.as_deref(), &contents))
    }
}

/// Puts values in the places of their names. A text that is one name alone becomes the value.
pub(crate) fn filled(fixture: &Value, values: &JsonObject) -> Value {
    match fixture {
        Value::String(text) => {
            let alone = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            if let Some(value) = alone.and_then(|name| values.get(name)) {
                return value.clone();
            }
            let put = |text: String, (name, value): (&String, &Value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                text.replace(&format!("${{{name}}}"), &value)
            };
            values.iter().fold(text.clone(), put).into()
        }
        Value::Array(items) => items.iter().map(|item| filled(item, values)).collect(),
        Value::Object(members) => {
            let members =
                members.iter().map(|(name, member)| (name.clone(), filled(member, values)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(value: &Value) -> Result<T, ErrorData> {
    T::deserialize(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// A text or blob under a URI.
fn contents_at(uri: &str, mime_type: Option<&str>, contents: &Value) -> Value {
    let mut contents = contents.clone();
    contents["uri"] = uri.into();
    contents["mimeType"] = mime_type.into();
    contents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixtures_are_valid() {
        let fixtures = Fixtures::default();
        assert!(fixtures.tool("test_simple_text").is_some());
        let contents = fixtures.contents("test://template/123/data").unwrap();
        assert!(contents["text"].as_str().unwrap().contains("Data for ID: 123"));
        assert!(fixtures.contents("test://nothing").is_none());
    }
}
