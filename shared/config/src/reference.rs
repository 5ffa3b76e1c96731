//! The reference of all keys, made from the types that read them. Doc comments describe a key,
//! `Default` gives its default, and [`Ranged`] its range.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::range::{self, Ranged, StatedRange};

/// The keys of one section, as Markdown.
#[derive(Clone, Debug)]
pub struct ReferenceSection(String);

impl ReferenceSection {
    /// Makes the reference of the section `name`, which `T` reads.
    pub fn of<T: JsonSchema + Default + Serialize + Ranged>(name: &str) -> Self {
        Self::headed(&format!("[{name}]"), name, &T::default())
    }

    /// Makes the reference of a list of tables called `name`, each of which `T` reads.
    /// `example` has the defaults, and sample values for the keys without a default.
    pub fn list<T: JsonSchema + Serialize + Ranged>(name: &str, example: &T) -> Self {
        Self::headed(&format!("[[{name}]]"), name, example)
    }

    fn headed<T: JsonSchema + Serialize + Ranged>(heading: &str, name: &str, values: &T) -> Self {
        let schema = SchemaSettings::draft2020_12()
            .with(|settings| settings.inline_subschemas = true)
            .into_generator()
            .into_root_schema_for::<T>();
        let ranges = range::stated(name, values).into_iter();
        let ranges = ranges.map(|StatedRange { key, range }| (key, range)).collect();
        let defaults = serde_json::to_value(values).unwrap_or_default();
        let mut text = format!("\n## `{heading}`\n");
        table(&mut text, name, schema.as_value(), &defaults, &ranges);
        Self(text)
    }
}

/// Returns a page with all sections under a title and an introduction.
pub fn page(introduction: &str, sections: &[ReferenceSection]) -> String {
    let mut page = format!("# Configuration\n\n{}\n", introduction.trim());
    for ReferenceSection(text) in sections {
        page.push_str(text);
    }
    page
}

/// One table of the file, then those within it.
fn table(
    out: &mut String,
    name: &str,
    schema: &Value,
    defaults: &Value,
    ranges: &BTreeMap<String, String>,
) {
    // Sorted here: the order in a JSON object depends on the features of the build.
    let properties: BTreeMap<_, _> =
        schema["properties"].as_object().into_iter().flatten().collect();
    let is_table = |schema: &Value| schema["properties"].is_object();
    let (tables, keys): (Vec<_>, Vec<_>) =
        properties.into_iter().partition(|(_, property)| is_table(property));
    // Writing to a string cannot fail.
    let _ = write!(out, "\n{}\n", sentence(schema));
    if !keys.is_empty() {
        out.push_str("\n| key | default | values | effect |\n|---|---|---|---|\n");
    }
    for (key, property) in keys {
        let path = format!("{name}.{key}");
        let values = ranges.get(&path).cloned().unwrap_or_else(|| values(property));
        let default = default(&defaults[key]);
        let _ = writeln!(out, "| `{key}` | {default} | {values} | {} |", sentence(property));
    }
    for (key, property) in tables {
        let _ = write!(out, "\n## `[{name}.{key}]`\n");
        table(out, &format!("{name}.{key}"), property, &defaults[key], ranges);
    }
}

fn sentence(schema: &Value) -> String {
    let description = schema["description"].as_str().unwrap_or_default();
    description.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Object(table) if table.is_empty() => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) | Value::Object(_) => format!("`{value}`"),
        Value::Bool(_) => value.to_string(),
        Value::Number(number) => match number.as_f64() {
            // An f32 was widened: its own decimal form is the one that was written.
            Some(wide) if number.is_f64() && f64::from(wide as f32) == wide => {
                (wide as f32).to_string()
            }
            _ => number.to_string(),
        },
    }
}

/// The values that the type allows.
fn values(schema: &Value) -> String {
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|of| schema[of].as_array());
    if let Some(alternatives) = alternatives {
        let all = alternatives.iter().filter(|one| one["type"] != "null").map(values);
        return all.collect::<Vec<_>>().join(", ");
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices = choices.iter().filter_map(Value::as_str).map(|one| format!("`{one}`"));
        return choices.collect::<Vec<_>>().join(", ");
    }
    if let Some(one) = schema["const"].as_str() {
        return format!("`{one}`");
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("boolean") => "true, false",
        Some("integer") => "a whole number",
        Some("number") => "a number",
        Some("array") => "a list",
        Some("object") => "a table",
        _ => "text",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::Ranges;

    /// A shape of a log line.
    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Format {
        /// For people.
        #[default]
        Text,
        /// For programs.
        Json,
    }

    /// Limits of it.
    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Limits {
        /// The largest | size.
        max_bytes: u64,
    }

    /// The part.
    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(default)]
    struct Part {
        /// Its form.
        format: Format,
        /// Its
        /// place.
        file: Option<String>,
        /// Its limits.
        limits: Limits,
        /// Its share.
        share: f32,
    }

    impl Ranged for Part {
        fn ranges(&self, ranges: &mut Ranges) {
            ranges.within("limits.max_bytes", self.limits.max_bytes, 0..=9);
        }
    }

    #[test]
    fn a_page_shows_default_values_and_effect_of_every_key() {
        let page = page("Intro.", &[ReferenceSection::of::<Part>("part")]);
        let expected = "# Configuration\n\nIntro.\n\n## `[part]`\n\nThe part.\n\n\
            | key | default | values | effect |\n|---|---|---|---|\n\
            | `file` | – | text | Its place. |\n\
            | `format` | `text` | `text`, `json` | Its form. |\n\
            | `share` | 0 | a number | Its share. |\n\
            \n## `[part.limits]`\n\nIts limits.\n\n\
            | key | default | values | effect |\n|---|---|---|---|\n\
            | `max_bytes` | 0 | 0 to 9 bytes | The largest \\| size. |\n";
        assert_eq!(page, expected);
    }
}
