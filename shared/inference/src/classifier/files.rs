//! Which files make up a classifier, and what its `config.json` declares.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::config::{ClassifierConfig, NamedIn};
use super::labels::Reading;
use crate::Error;
use crate::device::host::ModelHost;
use crate::model::files::described;
use crate::model::hub::{self, Repository};
use crate::model::positions::Positions;
use crate::model::prefixes::Prefixes;
use crate::model::{LocatedModel, Pooling, locate};

/// More labels than this are a mistake.
const MAX_LABELS: usize = 1_024;

/// The needed part of a classifier's `config.json`.
#[derive(Debug, Deserialize)]
struct Description {
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    id2label: BTreeMap<String, String>,
    problem_type: Option<String>,
    #[serde(flatten)]
    positions: Positions,
}

/// A classifier's files, and how its scores are read.
pub(super) struct Located {
    pub(super) model: LocatedModel,
    pub(super) reading: Reading,
}

/// Finds a classifier, fetching it from the hub where it is not in the cache.
/// Nothing is loaded yet.
///
/// # Errors
/// [`Error::Unpinned`], [`Error::Manifest`], [`Error::Graph`] where the weights are
/// not within the graph's file, and what is wrong with a file or the hub.
pub(super) fn locate(
    config: &ClassifierConfig,
    place: NamedIn,
    host: &ModelHost,
) -> Result<Located, Error> {
    let source = source(config, host)?;
    let pins = (place.pins(), &config.sha256);
    let files = source.files(&config.graph_file, pins, &Prefixes::default())?;
    if names_other_files(&files.graph)? {
        let reason = "its weights lie in another file, they have to be in the graph's".into();
        return Err(Error::Graph { path: files.graph, reason });
    }
    let declared: Description = described(&files.description)?;
    let wrong = |reason| Error::Manifest { path: files.description.clone(), reason };
    let labels = declared.labels(place).map_err(wrong)?;
    let pooling = declared.pooling().map_err(wrong)?;
    let reading = Reading::new(config, pooling, &labels, declared.is_multi_label());
    let reading = reading.map_err(wrong)?;
    let model = LocatedModel {
        name: source.name,
        version: files.version,
        precision: config.precision.unwrap_or_else(|| hub::precision(&config.graph_file)),
        dimension: labels.len(),
        states: None,
        max_tokens: config.window(place, declared.positions.max_tokens())?,
        pooling,
        prefixes: Prefixes::default(),
        files: files.pinned,
        graph: files.graph,
        tokenizer: files.tokenizer,
    };
    Ok(Located { model, reading })
}

/// The repository, or the folder, that `model` names.
fn source(config: &ClassifierConfig, host: &ModelHost) -> Result<Repository, Error> {
    match config.model.strip_prefix("hf:") {
        Some(repository) => Repository::open(repository, host.hub_cache.as_deref()),
        None => Ok(Repository::folder(locate::folder(&config.model, &host.deps)?)),
    }
}

/// True if a graph says where weights lie outside it: the key `location` of an
/// `external_data` entry (onnx.proto). Such files would escape their SHA-256.
fn names_other_files(graph: &Path) -> Result<bool, Error> {
    const KEY: &[u8] = b"\x0a\x08location\x12";
    let read = |source| Error::read(graph, source);
    let mut file = File::open(graph).map_err(read)?;
    let mut seen = vec![0; 1 << 18];
    let mut kept = 0;
    loop {
        let count = file.read(&mut seen[kept..]).map_err(read)?;
        let filled = kept + count;
        if seen[..filled].windows(KEY.len()).any(|it| it[0] == KEY[0] && it == KEY) {
            return Ok(true);
        }
        if count == 0 {
            return Ok(false);
        }
        // The key may lie across two reads.
        kept = filled.min(KEY.len() - 1);
        seen.copy_within(filled - kept..filled, 0);
    }
}

impl Description {
    /// The labels by rising number, which must have no gap.
    fn labels(&self, place: NamedIn) -> Result<Vec<String>, String> {
        let count = self.id2label.len();
        let (least, most) = match place {
            NamedIn::Classifiers => (2, MAX_LABELS),
            NamedIn::Rerank => (1, 2),
        };
        if !(least..=most).contains(&count) {
            return Err(format!("id2label has {count} labels, not {least} to {most}"));
        }
        let label = |id: usize| {
            let found = self.id2label.get(&id.to_string()).cloned();
            found.ok_or_else(|| format!("id2label has {count} labels, but none for {id}"))
        };
        (0..count).map(label).collect()
    }

    fn pooling(&self) -> Result<Pooling, String> {
        let ends = |end| self.architectures.iter().any(|name| name.ends_with(end));
        if ends("ForSequenceClassification") {
            return Ok(Pooling::Sequence);
        }
        if ends("ForTokenClassification") {
            return Ok(Pooling::Tokens);
        }
        Err(format!(
            "architectures is {:?}: it names neither …ForSequenceClassification nor \
             …ForTokenClassification",
            self.architectures
        ))
    }

    fn is_multi_label(&self) -> bool {
        self.problem_type.as_deref() == Some("multi_label_classification")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(json: &str) -> Description {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn labels_stand_in_the_order_of_their_numbers() {
        let many: BTreeMap<String, String> =
            (0..12).map(|id| (id.to_string(), format!("L{id}"))).collect();
        let json = serde_json::json!({ "id2label": many }).to_string();
        assert_eq!(
            described(&json).labels(NamedIn::Classifiers).unwrap()[9..],
            ["L9", "L10", "L11"]
        );
        let gap = described(r#"{"id2label": {"0": "a", "2": "b"}}"#)
            .labels(NamedIn::Classifiers)
            .unwrap_err();
        assert_eq!(gap, "id2label has 2 labels, but none for 1");
        assert!(described("{}").labels(NamedIn::Rerank).is_err());
    }

    #[test]
    fn weights_outside_the_graph_are_seen_wherever_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let graph = folder.path().join("model.onnx");
        let mut bytes = vec![7; (1 << 18) - 5];
        std::fs::write(&graph, &bytes).unwrap();
        assert!(!names_other_files(&graph).unwrap());
        bytes.extend(b"\x0a\x08location\x12\x0cmodel.onnx_d");
        std::fs::write(&graph, &bytes).unwrap();
        assert!(names_other_files(&graph).unwrap());
    }
}
