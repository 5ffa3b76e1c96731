//! Settings: language and colours of the console, and the configuration in force.

use askama::Template;

use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ask::Archive;
use crate::failure;
use crate::form::Form;
use crate::page::{Screen, Shell, answer, see, with_cookie};
use crate::reader::{COLOURS, LANGUAGE, Reader, set_cookie};
use crate::texts::Texts;

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    shell: Shell,
    zone: String,
    languages: Vec<Choosable>,
    colours: Vec<Choosable>,
    sections: Vec<Section>,
}

/// A value of a field to choose from.
struct Choosable {
    value: &'static str,
    name: String,
    is_on: bool,
}

/// A section of the configuration.
struct Section {
    name: String,
    keys: Vec<(String, String)>,
}

/// Shows the settings.
pub(crate) async fn show(archive: Archive, reader: Reader) -> Response {
    let sections = match archive.get::<Map<String, Value>>("/v1/configuration", &[]).await {
        Ok(sections) => sections,
        Err(problem) => return failure::page(&reader, &problem),
    };
    let t = reader.texts;
    let language = |code: &'static str| Choosable {
        value: code,
        name: t.word("language", code),
        is_on: code == t.language,
    };
    let colours = |value: &'static str| Choosable {
        value,
        name: t.word("colours", if value.is_empty() { "device" } else { value }),
        is_on: value == reader.colours,
    };
    answer(&Page {
        shell: Shell::new(&reader, Screen::Settings, t.say("tab-settings")),
        zone: reader.calendar.zone.iana_name().unwrap_or("UTC").to_owned(),
        languages: Texts::languages().map(language).collect(),
        colours: ["", "light", "dark"].into_iter().map(colours).collect(),
        sections: sections.iter().map(section).collect(),
    })
}

fn section((name, value): (&String, &Value)) -> Section {
    let written = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let keys = match value {
        Value::Object(keys) => {
            keys.iter().map(|(key, value)| (key.clone(), written(value))).collect()
        }
        other => vec![(String::new(), written(other))],
    };
    Section { name: name.clone(), keys }
}

/// The fields of the form.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    language: String,
    #[serde(default)]
    colours: String,
}

/// Keeps language and colours in the reader's browser.
pub(crate) async fn change(Form(chosen): Form<Chosen>) -> Response {
    let mut response = see("/settings");
    if let Some(texts) = Texts::of(&chosen.language) {
        response = with_cookie(response, &set_cookie(LANGUAGE, texts.language));
    }
    let colours = ["light", "dark"].into_iter().find(|known| *known == chosen.colours);
    with_cookie(response, &set_cookie(COLOURS, colours.unwrap_or("device")))
}
