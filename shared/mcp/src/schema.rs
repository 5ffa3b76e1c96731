//! Descriptions of tools, as short as a model can use them.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::handler::server::tool::{schema_for_output, schema_for_type};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde_json::Value;

/// Describes a tool that changes nothing.
pub fn reading<A: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: &'static str,
) -> Tool {
    let annotations = ToolAnnotations::with_title(title)
        .read_only(true)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    tool::<A>(name, description, annotations)
}

/// Describes a tool that adds something; doing it twice changes nothing more.
pub fn adding<A: JsonSchema + 'static>(
    name: &'static str,
    title: &'static str,
    description: &'static str,
) -> Tool {
    let annotations = ToolAnnotations::with_title(title)
        .read_only(false)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    tool::<A>(name, description, annotations)
}

fn tool<A: JsonSchema + 'static>(
    name: &'static str,
    description: &'static str,
    annotations: ToolAnnotations,
) -> Tool {
    let input = short(schema_for_type::<A>());
    Tool::new_with_raw(name, Some(Cow::Borrowed(description)), input).with_annotations(annotations)
}

/// Returns the schema of an answer without its descriptions: each list of tools costs a model its
/// room, and the names of the fields say enough.
pub fn output<R: JsonSchema + 'static>() -> Arc<JsonObject> {
    let mut schema = Value::Object(Arc::unwrap_or_clone(schema_for_output::<R>()));
    strip_member(&mut schema, "description");
    strip_member(&mut schema, "format");
    strip_member(&mut schema, "minimum");
    strip_required(&mut schema);
    name_choices(&mut schema);
    into_object(schema)
}

/// The names of our types tell a model nothing, nor do the sizes of numbers.
fn short(schema: Arc<JsonObject>) -> Arc<JsonObject> {
    let mut schema = Arc::unwrap_or_clone(schema);
    schema.remove("title");
    schema.remove("description");
    let mut schema = Value::Object(schema);
    strip_member(&mut schema, "format");
    strip_member(&mut schema, "minimum");
    strip_null(&mut schema);
    name_choices(&mut schema);
    into_object(schema)
}

fn into_object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(mut schema) => {
            // The protocol names this dialect as the default.
            schema.remove("$schema");
            Arc::new(schema)
        }
        _ => Arc::default(),
    }
}

fn strip_member(schema: &mut Value, name: &str) {
    match schema {
        Value::Object(members) => {
            // A field may have this name: its schema is an object.
            if members.get(name).is_some_and(|member| member.is_string() || member.is_number()) {
                members.remove(name);
            }
            members.values_mut().for_each(|member| strip_member(member, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip_member(item, name)),
        _ => {}
    }
}

/// An argument is left out, not null.
fn strip_null(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get("type")
                && let [kind, Value::String(null)] = types.as_slice()
                && null == "null"
            {
                let kind = kind.clone();
                members.insert("type".to_owned(), kind);
            }
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            members.values_mut().for_each(strip_null);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_null),
        _ => {}
    }
}

/// An answer has all its members; a list of their names says nothing new.
fn strip_required(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("required").is_some_and(Value::is_array) {
                members.remove("required");
            }
            members.values_mut().for_each(strip_required);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_required),
        _ => {}
    }
}

/// Lists choices by their names alone: what each means stands at the argument.
fn name_choices(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(choices)) = members.get("oneOf") {
                let names: Option<Vec<Value>> =
                    choices.iter().map(|choice| choice.get("const").cloned()).collect();
                if let Some(names) = names {
                    members.remove("oneOf");
                    members.insert("type".to_owned(), "string".into());
                    members.insert("enum".to_owned(), names.into());
                    members.remove("description");
                }
            }
            members.values_mut().for_each(name_choices);
        }
        Value::Array(items) => items.iter_mut().for_each(name_choices),
        _ => {}
    }
}
