//! Schemas in the forms that generators of clients read.

use serde_json::{Map, Value, json};

/// Writes schemas of anything as objects, and choices of constants as enumerations, which mean the
/// same.
pub(super) fn simplify(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(simplify),
        Value::Object(members) => {
            if let Some(schema @ Value::Bool(true)) = members.get_mut("schema") {
                *schema = json!({});
            }
            if let Some(names) = constants(members) {
                enumerate(members, &names);
            }
            members.values_mut().for_each(simplify);
        }
        _ => {}
    }
}

/// A choice of constant texts, each with its description.
type Constants = Vec<(String, Option<String>)>;

/// Returns the constants, if the schema is a choice of nothing else.
fn constants(schema: &Map<String, Value>) -> Option<Constants> {
    let choices = schema.get("oneOf")?.as_array()?;
    let mut all = Constants::new();
    for choice in choices {
        let description = choice.get("description").and_then(Value::as_str).map(str::to_owned);
        match (choice.get("const"), choice.get("enum").and_then(Value::as_array)) {
            (Some(Value::String(name)), _) => all.push((name.clone(), description)),
            // Constants without descriptions are one choice.
            (None, Some(names)) => {
                for name in names {
                    all.push((name.as_str()?.to_owned(), None));
                }
            }
            _ => return None,
        }
    }
    Some(all)
}

fn enumerate(schema: &mut Map<String, Value>, constants: &Constants) {
    schema.remove("oneOf");
    let described = constants.iter().filter_map(|(name, description)| {
        description.as_ref().map(|description| format!("`{name}`: {description}"))
    });
    let of_all = schema.get("description").and_then(Value::as_str).map(str::to_owned);
    let lines: Vec<String> = of_all.into_iter().chain(described).collect();
    if !lines.is_empty() {
        schema.insert("description".into(), lines.join("\n\n").into());
    }
    schema.insert("type".into(), "string".into());
    let names: Vec<&String> = constants.iter().map(|(name, _)| name).collect();
    schema.insert("enum".into(), json!(names));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_of_constants_is_an_enumeration_and_anything_an_object() {
        let mut document = json!({
            "content": {"schema": true},
            "Mode": {"description": "The mode.", "oneOf": [
                {"const": "a", "type": "string", "description": "One."},
                {"enum": ["b", "c"], "type": "string"},
            ]},
            "Other": {"oneOf": [{"const": "a"}, {"type": "null"}]},
        });
        let other = document["Other"].clone();
        simplify(&mut document);
        let mode = json!({
            "description": "The mode.\n\n`a`: One.", "type": "string", "enum": ["a", "b", "c"],
        });
        assert_eq!(document, json!({"content": {"schema": {}}, "Mode": mode, "Other": other}));
    }
}
