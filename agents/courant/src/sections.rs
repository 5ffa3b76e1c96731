//! Every section of the configuration, with the type that reads it. `courant doctor`, the check at
//! each start and the reference of all keys use this list.

use courant_config::{Document, Error, Ranged, reference, shown};
use courant_inference::ClassifierConfig;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

struct Section {
    name: &'static str,
    check: fn(&Document, &'static str) -> Result<(), Error>,
    show: fn(&Document, &'static str) -> anyhow::Result<Value>,
    describe: fn(&str) -> reference::ReferenceSection,
}

const SECTIONS: [Section; 14] = [
    section::<courant_telemetry::Config>("telemetry"),
    section::<courant_service::Config>("service"),
    section::<courant_access::Config>("access"),
    section::<courant_bus::Config>("bus"),
    section::<courant_store::Config>("store"),
    section::<courant_cache::Config>("cache"),
    section::<courant_inference::Config>("inference"),
    section::<courant_gpu_utils::Config>("gpu"),
    section::<courant_crawler::Config>("crawler"),
    section::<courant_gateway::Config>("gateway"),
    section::<courant_inference::SearchConfig>("search"),
    section::<courant_embedder::Config>("embedder"),
    section::<courant_analyst::Config>("analyst"),
    section::<courant_storage::Config>("storage"),
];

const fn section<T>(name: &'static str) -> Section
where
    T: DeserializeOwned + Default + Serialize + JsonSchema + Ranged,
{
    let check = |document: &Document, name| document.section::<T>(name).map(drop);
    let show = |document: &Document, name| Ok(shown(&document.section::<T>(name)?)?);
    Section { name, check, show, describe: reference::ReferenceSection::of::<T> }
}

/// Reads each section with its own type.
///
/// # Errors
/// Names the first key that is unknown, or whose value is invalid or out of its range.
pub(crate) fn check(document: &Document) -> Result<(), Error> {
    SECTIONS.iter().try_for_each(|section| (section.check)(document, section.name))
}

/// Returns every section as it is in force, without secrets.
///
/// # Errors
/// As [`check`].
pub(crate) fn in_force(document: &Document) -> anyhow::Result<Map<String, Value>> {
    let shown =
        |section: &Section| Ok((section.name.into(), (section.show)(document, section.name)?));
    SECTIONS.iter().map(shown).collect()
}

/// Returns every key with its default, its values and its effect, as Markdown.
pub(crate) fn reference() -> String {
    let mut sections: Vec<_> =
        SECTIONS.iter().map(|section| (section.describe)(section.name)).collect();
    // A list of tables has no default to show, so one entry serves as the example.
    let classifier = ClassifierConfig::new("NAME", "MODEL");
    let entry = reference::ReferenceSection::list("analyst.classifiers", &classifier);
    let after = SECTIONS.iter().position(|section| section.name == "analyst");
    sections.insert(after.map_or(sections.len(), |analyst| analyst + 1), entry);
    reference::page(INTRODUCTION, &sections)
}

const INTRODUCTION: &str = "\
Every key of `courant.toml`, as `courant config` prints it. One file serves all agents. It is \
read from the working folder, from `--config` or from `COURANT_CONFIG`. The environment \
overrides it: `COURANT__BUS__URL` is `url` in `[bus]`. A flag overrides both. Every key has a \
default. A key that is unknown, or a value out of its range, is one error that names the key, \
before anything is opened; `courant doctor` checks every section.

A dash is a key that is not set.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_of_the_file_is_known() {
        assert_eq!(SECTIONS.map(|section| section.name), courant_config::SECTIONS);
        check(&Document::default()).unwrap();
    }

    #[test]
    fn the_configuration_in_force_shows_no_secret() {
        let mut document = Document::default();
        for key in ["bus.password", "bus.token", "store.url", "cache.redis_url"] {
            document.set(key, format!("planted://user:planted@{key}/?planted")).unwrap();
        }
        document.set("bus.url", "nats://planted:planted@host".to_owned()).unwrap();
        let shown = Value::Object(in_force(&document).unwrap()).to_string();
        assert!(!shown.contains("planted"), "{shown}");
        assert!(shown.contains("nats://[hidden]@host") && shown.contains("\"min_words\":10"));
    }

    #[test]
    fn the_reference_in_docs_is_that_of_the_types() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        if std::env::var_os("COURANT_REGENERATE").is_some() {
            std::fs::write(path, reference()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(
            committed == reference(),
            "docs/configuration.md is not that of the types: run this test with \
             COURANT_REGENERATE=1"
        );
    }
}
