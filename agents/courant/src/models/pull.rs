//! `courant models pull`: fetches encoders and prints the settings that pin them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use clap::Args;
use courant_inference::catalog;
use serde::Serialize;

use super::setup::Setup;

#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// Encoders, as hf:owner/repo or hf:owner/repo@revision
    #[arg(required = true)]
    models: Vec<String>,
    /// The graph's path in the repository [default: the configured one]
    #[arg(long, value_name = "PATH")]
    graph_file: Option<String>,
    #[command(flatten)]
    setup: Setup,
}

/// The settings that pin an encoder in the configuration.
#[derive(Serialize)]
struct Pinned {
    model: String,
    graph_file: String,
    sha256: BTreeMap<String, String>,
}

pub(super) fn run(args: &PullArgs) -> anyhow::Result<()> {
    let loaded = args.setup.load()?;
    let mut pulled = Vec::new();
    for model in &args.models {
        let repository = model.strip_prefix("hf:").filter(|name| is_repository(name));
        let repository = repository.with_context(|| {
            format!(
                "{model:?} is no encoder of the hub: say hf:owner/repo or hf:owner/repo@revision"
            )
        })?;
        let mut config = loaded.encoder.clone();
        if config.model != *model {
            // The configured hashes belong to another encoder.
            config.sha256.clear();
        }
        if let Some(graph_file) = &args.graph_file {
            ensure!(!graph_file.is_empty(), "--graph-file is empty");
            config.graph_file.clone_from(graph_file);
        }
        let sha256 = catalog::pull(repository, &config)?;
        pulled.push(Pinned { model: model.clone(), graph_file: config.graph_file, sha256 });
    }
    args.setup.show(&pulled, |pulled| pulled.iter().map(text).collect::<Vec<_>>().join("\n"))
}

/// Returns true for `owner/repo`, with or without `@revision`.
fn is_repository(name: &str) -> bool {
    let (name, revision) = name.split_once('@').unwrap_or((name, "main"));
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() == 2 && !parts.contains(&"") && !parts.contains(&"..") && !revision.is_empty()
}

/// Returns the settings in the form of `courant.toml`.
fn text(pinned: &Pinned) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut lines = vec![
        "[inference]".to_owned(),
        format!("model = {}", quoted(&pinned.model)),
        format!("graph_file = {}", quoted(&pinned.graph_file)),
        String::new(),
        "[inference.sha256]".to_owned(),
    ];
    let pin = |(file, hash): (&String, &String)| format!("{} = {}", quoted(file), quoted(hash));
    lines.extend(pinned.sha256.iter().map(pin));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_a_configuration() {
        let sha256 = BTreeMap::from([("onnx/model.onnx".to_owned(), "ab".to_owned())]);
        let (model, graph_file) = ("hf:a/b@c".to_owned(), "onnx/model.onnx".to_owned());
        let text = text(&Pinned { model, graph_file, sha256: sha256.clone() });
        let table: toml::Table = text.parse().unwrap();
        let config: courant_inference::Config = table["inference"].clone().try_into().unwrap();
        assert_eq!((config.model.as_str(), config.sha256), ("hf:a/b@c", sha256));
    }

    #[test]
    fn only_an_owner_and_a_repository_are_asked_for() {
        assert!(is_repository("owner/repo") && is_repository("owner/repo@main"));
        for wrong in ["repo", "a/b/c", "/b", "a/", "../b", "a/b@", ""] {
            assert!(!is_repository(wrong), "{wrong}");
        }
    }
}
