//! The page for people: all operations and all codes of errors, without scripts and without
//! anything from another host.

use std::fmt::Write;

use serde_json::Value;

use crate::code::ErrorCode;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <title>Courant: interface</title><style>\
    body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    code,pre{font-family:ui-monospace,monospace;background:#8881;padding:.1em .3em}\
    pre{padding:.8em;overflow-x:auto}table{border-collapse:collapse;width:100%}\
    td,th{text-align:left;vertical-align:top;border-bottom:1px solid #8884;padding:.3em .6em}\
    h2{margin-top:2.5rem}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}\
    a{color:#8bf}}</style></head><body>\n<h1>Courant: interface</h1>\n\
    <p>The same for programs: <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1).</p>\n";

/// Returns the page of an OpenAPI `document`, as HTML.
pub fn page(document: &Value) -> String {
    let mut page = HEAD.to_owned();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            section(&mut page, method, path, operation);
        }
    }
    schemas(&mut page, document);
    codes(&mut page);
    page.push_str("</body></html>\n");
    page
}

fn section(page: &mut String, method: &str, path: &str, operation: &Value) {
    let id = text(&operation["operationId"]);
    let (method, path) = (method.to_uppercase(), escaped(path));
    let summary = text(&operation["summary"]);
    push(
        page,
        format_args!("<h2 id=\"{id}\"><code>{method} {path}</code></h2>\n<p>{summary}</p>\n"),
    );
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("<table><tr><th>parameter<th>takes<th>meaning\n");
        for parameter in parameters {
            let (name, about) = (text(&parameter["name"]), text(&parameter["description"]));
            let kind = kind(&parameter["schema"]);
            push(page, format_args!("<tr><td><code>{name}</code><td>{kind}<td>{about}\n"));
        }
        page.push_str("</table>\n");
    }
    forms(page, "Body", &operation["requestBody"]["content"]);
    for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
        let status = if status == "default" { "Error" } else { status };
        forms(page, &format!("Answer {status}"), &answer["content"]);
    }
}

fn forms(page: &mut String, what: &str, content: &Value) {
    for (media, form) in content.as_object().into_iter().flatten() {
        let (media, kind) = (escaped(media), kind(&form["schema"]));
        push(page, format_args!("<p>{what}: {kind}, <code>{media}</code></p>\n"));
    }
}

fn schemas(page: &mut String, document: &Value) {
    page.push_str("<h2>Types</h2>\n");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let (name, about) = (escaped(name), text(&schema["description"]));
        push(page, format_args!("<h3 id=\"type-{name}\">{name}</h3>\n<p>{about}</p>\n"));
        let members = schema["properties"].as_object();
        if members.is_some() {
            page.push_str("<table><tr><th>member<th>type<th>meaning\n");
        }
        for (member, schema) in members.into_iter().flatten() {
            let (member, about) = (escaped(member), text(&schema["description"]));
            let kind = kind(schema);
            push(page, format_args!("<tr><td><code>{member}</code><td>{kind}<td>{about}\n"));
        }
        if members.is_some() {
            page.push_str("</table>\n");
        }
    }
}

fn codes(page: &mut String) {
    page.push_str("<h2 id=\"errors\">Errors</h2>\n<table><tr><th>code<th>status<th>meaning\n");
    for code in ErrorCode::ALL {
        let (word, status, title) = (code.as_str(), code.status(), code.title());
        push(
            page,
            format_args!("<tr id=\"{word}\"><td><code>{word}</code><td>{status}<td>{title}\n"),
        );
    }
    page.push_str("</table>\n");
}

/// Returns the type of a schema in words, with a link where it has a name.
fn kind(schema: &Value) -> String {
    if let Some(place) = schema["$ref"].as_str() {
        let name = escaped(place.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#type-{name}\">{name}</a>");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words
            .iter()
            .map(|word| format!("<code>{}</code>", text(word)))
            .collect::<Vec<_>>()
            .join(", ");
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema[several].as_array() {
            return kinds.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(word) = schema.get("const") {
        return format!("<code>{}</code>", text(word));
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => escaped(name),
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map(escaped).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _written = page.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::{Media, Operation, document};
    use crate::problem::Problem;

    #[test]
    fn the_page_shows_operations_types_and_codes_and_loads_nothing() {
        let operation = Operation::get("/v1/things/{id}", "thing", "Shows <one> thing")
            .answer(200, Media::json::<Problem>());
        let page = page(&document(&[operation], "1"));
        for part in [
            "GET /v1/things/{id}",
            "Shows &lt;one&gt; thing",
            "href=\"#type-Problem\"",
            "id=\"type-Problem\"",
            "<tr id=\"host_not_allowed\"><td><code>host_not_allowed</code><td>421",
        ] {
            assert!(page.contains(part), "{part} is not in\n{page}");
        }
        assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"));
    }
}
