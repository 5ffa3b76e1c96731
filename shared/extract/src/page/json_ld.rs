//! Reads JSON-LD as publishers write it. It is not always JSON.

use serde_json::{Deserializer, Value};

/// The most values in one script. Scripts with more are no metadata.
const MAX_VALUES: usize = 50;

/// Returns the values of a script. The usual faults are repaired if it is no strict JSON, and the
/// part that can then be read is returned. The faults are comment and CDATA marks around it, quotes
/// as entities, raw line breaks in strings, escapes that JSON lacks, surplus commas, and several
/// values in a row.
pub(super) fn values(script: &str) -> Vec<Value> {
    let script = unwrapped(script);
    if let Ok(value) = serde_json::from_str(script) {
        return vec![value];
    }
    let is_escaped =
        script.starts_with("{&quot;") || !script.contains('"') && script.contains("&quot;");
    let script = if is_escaped { script.replace("&quot;", "\"") } else { script.to_owned() };
    Deserializer::from_str(&repaired(&script))
        .into_iter()
        .map_while(Result::ok)
        .take(MAX_VALUES)
        .collect()
}

/// Returns the script without the marks that templates leave around it.
fn unwrapped(script: &str) -> &str {
    let mut script = script.trim();
    for mark in
        ["<!--", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */", "<![CDATA["]
    {
        script = script.strip_prefix(mark).unwrap_or(script).trim_start();
    }
    for mark in [";", "-->", "//]]>", "// ]]>", "/*]]>*/", "/* ]]> */", "]]>", "//", ";"] {
        script = script.strip_suffix(mark).unwrap_or(script).trim_end();
    }
    script
}

/// Repairs the script: removes control characters and foreign escapes in strings, and a comma
/// before the end of a list.
fn repaired(script: &str) -> String {
    let mut json = String::with_capacity(script.len());
    let mut is_string = false;
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => is_string = !is_string,
            '\\' if is_string => {
                match chars.next() {
                    Some(escaped @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                        json.extend(['\\', escaped]);
                    }
                    Some(other) if !other.is_control() => json.push(other),
                    _ => json.push(' '),
                }
                continue;
            }
            '}' | ']' if !is_string => {
                let kept = json.trim_end().strip_suffix(',').map(str::len);
                json.truncate(kept.unwrap_or(json.len()));
            }
            _ => {}
        }
        json.push(if c.is_control() { ' ' } else { c });
    }
    json
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn faults_of_templates_are_repaired() {
        let article = json!({"@type": "NewsArticle", "headline": "It's a \"day\""});
        for script in [
            r#"{"@type":"NewsArticle","headline":"It's a \"day\""}"#,
            r#"<!-- {"@type":"NewsArticle","headline":"It's a \"day\""} -->"#,
            "//<![CDATA[\n{\"@type\":\"NewsArticle\",\"headline\":\"It's a \\\"day\\\"\"}\n//]]>",
            r#"{"@type":"NewsArticle","headline":"It\'s a \"day\"",};"#,
            "{\"@type\":\"NewsArticle\",\"headline\":\"It's\na \\\"day\\\"\"}",
        ] {
            assert_eq!(values(script), std::slice::from_ref(&article), "{script}");
        }
    }

    #[test]
    fn values_in_a_row_are_all_read() {
        assert_eq!(values("{\"a\":[1,]} {\"b\":2}"), [json!({"a": [1]}), json!({"b": 2})]);
        assert_eq!(values("{&quot;a&quot;:1}"), [json!({"a": 1})]);
    }

    #[test]
    fn what_is_no_json_has_no_values() {
        for script in ["", "null of", "window.x = {}", "{\"a\": \"", "\\", "\"\\"] {
            let found = values(script);
            assert!(found.iter().all(|value| !value.is_object()), "{script}: {found:?}");
        }
    }
}
