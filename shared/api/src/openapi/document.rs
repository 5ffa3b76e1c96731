//! The OpenAPI document, made from operations and the types that they name.

use schemars::generate::{Contract, SchemaSettings};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::operation::{Link, Media, Operation};
use super::plain;
use crate::problem::Problem;

/// The place of the schemas in the document.
const SCHEMAS: &str = "#/components/schemas/";

/// Returns the OpenAPI 3.1 document of `operations`.
pub fn document(operations: &[Operation], version: &str) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        let method = operation.method.as_str().to_ascii_lowercase();
        path[method] = schemas.operation(operation);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Courant",
            "version": version,
            "description": "Searches news articles and takes new ones in. Errors are problem \
                            details (RFC 9457); their codes are listed at /docs.",
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas.definitions()},
    });
    plain::simplify(&mut document);
    document
}

/// The schemas of what is read, and of what is written: a member with a default may be missing in a
/// request, and one that is left out if empty may be missing in an answer.
struct Schemas {
    reading: SchemaGenerator,
    writing: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let generator = |contract: Contract| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.contract = contract;
            settings.into_generator()
        };
        Self { reading: generator(Contract::Deserialize), writing: generator(Contract::Serialize) }
    }

    fn operation(&mut self, operation: &Operation) -> Value {
        let mut described = json!({
            "operationId": operation.id,
            "summary": operation.summary,
            "parameters": self.parameters(operation),
            "responses": self.answers(operation),
        });
        let content: Map<_, _> =
            operation.bodies.iter().map(|body| content(body, &mut self.reading)).collect();
        if !content.is_empty() {
            described["requestBody"] = json!({"required": true, "content": content});
        }
        described
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let of_path = path_names(operation.path).map(|name| {
            let schema = path_schema(operation.path, name);
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        });
        let mut parameters: Vec<Value> = of_path.collect();
        if let Some(schema) = operation.parameters {
            let schema = schema(&mut self.reading);
            let schema = resolved(&schema, &self.reading);
            parameters.extend(query_parameters(&schema));
        }
        parameters.extend(operation.filters.iter().map(|filter| {
            json!({
                "name": filter.name,
                "in": "query",
                "description": "A filter, as the field of this name in the query language.",
                "schema": {"type": "string"},
            })
        }));
        parameters
    }

    fn answers(&mut self, operation: &Operation) -> Value {
        let mut answers = Map::new();
        for (status, media) in &operation.answers {
            let answer = answers
                .entry(status.to_string())
                .or_insert_with(|| json!({"description": "The answer."}));
            if let Some(media) = media {
                let (name, value) = content(media, &mut self.writing);
                answer["content"][name] = value;
            }
        }
        for Link { status, operation: id, parameters } in &operation.links {
            let parameters: Map<_, _> =
                parameters.iter().map(|(name, place)| ((*name).into(), json!(place))).collect();
            let link = json!({"operationId": id, "parameters": parameters});
            answers[&status.to_string()]["links"][id] = link;
        }
        let problem = self.writing.subschema_for::<Problem>();
        let problem = json!({Problem::MEDIA_TYPE: {"schema": problem}});
        answers.insert(
            "default".to_owned(),
            json!({"description": "An error. Its code is in `error.code`.", "content": problem}),
        );
        Value::Object(answers)
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut all = self.reading.take_definitions(true);
        all.extend(self.writing.take_definitions(true));
        all
    }
}

fn content(media: &Media, generator: &mut SchemaGenerator) -> (String, Value) {
    match media {
        Media::Json(schema) => ("application/json".into(), json!({"schema": schema(generator)})),
        Media::Text(name) => ((*name).to_owned(), json!({"schema": {"type": "string"}})),
    }
}

/// Returns the names in braces.
fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Returns the form of a part of a path: numbers, ids of articles or their first digits, or names.
fn path_schema(path: &str, name: &str) -> Value {
    match name {
        "number" => json!({"type": "integer", "format": "int64", "minimum": 0}),
        "id" if path.starts_with("/v1/articles/") => {
            json!({"type": "string", "pattern": "^[0-9a-fA-F]{8,32}$"})
        }
        _ => json!({"type": "string"}),
    }
}

/// Follows the reference that a schema of a struct is.
fn resolved(schema: &Schema, generator: &SchemaGenerator) -> Value {
    let name = schema.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|place| place.strip_prefix(SCHEMAS));
    let definition = name.and_then(|name| generator.definitions().get(name));
    definition.cloned().unwrap_or_else(|| schema.clone().to_value())
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let is_required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name))
    };
    let members = schema["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        let mut parameter = json!({"name": name, "in": "query", "schema": schema});
        if let Some(description) = description {
            parameter["description"] = description;
        }
        if is_required(name) {
            parameter["required"] = true.into();
        }
        parameter
    };
    members.map(parameter).collect()
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Asked {
        /// The question.
        q: String,
        limit: Option<usize>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Item {
        #[serde(default)]
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    fn described() -> Value {
        let operations = [
            Operation::get("/v1/items/{id}", "item", "Shows an item")
                .parameters::<Asked>()
                .filters(&["site"])
                .answer(200, Media::json::<Item>())
                .answer(200, Media::Text("text/csv"))
                .link(200, "change", &[("id", "$response.body#/name")]),
            Operation::post("/v1/items/{id}", "change", "Changes an item")
                .body(Media::json::<Item>())
                .answer(202, Media::json::<Item>()),
        ];
        document(&operations, "1.2.3")
    }

    #[test]
    fn an_operation_has_its_parameters_bodies_and_answers() {
        let document = described();
        let get = &document["paths"]["/v1/items/{id}"]["get"];
        let named = |name: &str| {
            let parameters = get["parameters"].as_array().unwrap();
            parameters.iter().find(|one| one["name"] == name).unwrap().clone()
        };
        assert_eq!((&named("id")["in"], &named("id")["required"]), (&json!("path"), &json!(true)));
        assert_eq!(named("q")["description"], "The question.");
        assert_eq!(named("q")["required"], true);
        assert!(named("limit").get("required").is_none());
        assert_eq!(named("site")["in"], "query");
        let ok = &get["responses"]["200"]["content"];
        assert_eq!(ok["application/json"]["schema"]["$ref"], "#/components/schemas/Item");
        assert!(ok["text/csv"].is_object());
        let link = &get["responses"]["200"]["links"]["change"];
        assert_eq!(link["operationId"], "change");
        assert_eq!(link["parameters"]["id"], "$response.body#/name");
        let problem = &get["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem");
        let post = &document["paths"]["/v1/items/{id}"]["post"];
        assert_eq!(post["requestBody"]["required"], true);
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let document = described();
        let text = document.to_string();
        let references =
            text.split("\"$ref\":\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut count = 0;
        for reference in references {
            let place = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(place).is_some(), "{reference}");
            count += 1;
        }
        assert!(count > 3, "{count}");
    }
}
