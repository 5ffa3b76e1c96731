//! `model.json`: an encoder's files by precision, as `scripts/export_encoder.py` lists them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::model::files::{described, version};
use crate::model::precision::PrecisionChoice;
use crate::model::prefixes::Prefixes;
use crate::model::{LocatedModel, Pooling};
use crate::{Error, Precision};

/// The file's name.
const MANIFEST: &str = "model.json";

/// The whole of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    name: String,
    dimension: usize,
    states: Option<usize>,
    max_tokens: usize,
    pooling: Pooling,
    #[serde(default)]
    prefixes: Prefixes,
    tokenizer: String,
    graphs: BTreeMap<Precision, Graph>,
    files: BTreeMap<String, String>,
}

/// The graph of one precision, and every file that it needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Graph {
    graph: String,
    files: Vec<String>,
}

/// True where a folder has a `model.json`.
pub(crate) fn is_described_in(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

/// Every precision that a folder describes.
pub(crate) fn all_in(folder: &Path) -> Result<Vec<LocatedModel>, Error> {
    let manifest = Manifest::read(folder)?;
    manifest.graphs.keys().map(|precision| manifest.model(folder, *precision)).collect()
}

impl Manifest {
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        described(&folder.join(MANIFEST))
    }

    /// The model in the precision that `choice` is on a CPU.
    pub(crate) fn model_on_cpu(
        &self,
        folder: &Path,
        choice: PrecisionChoice,
    ) -> Result<LocatedModel, Error> {
        let int8 = match self.graphs.contains_key(&Precision::Int8) {
            true => Some(self.model(folder, Precision::Int8)?),
            false => None,
        };
        let has_fp32 = self.graphs.contains_key(&Precision::Fp32);
        let precision = match (choice, &int8) {
            // The multilingual encoder comes without fp32, which only evaluations need.
            (PrecisionChoice::Auto, Some(_)) if !has_fp32 => Precision::Int8,
            _ => choice.on_cpu(int8.as_ref().map(|model| model.version.as_str())),
        };
        match (precision, int8) {
            (Precision::Int8, Some(int8)) => Ok(int8),
            _ => self.model(folder, precision),
        }
    }

    pub(crate) fn model(&self, folder: &Path, precision: Precision) -> Result<LocatedModel, Error> {
        let wrong = |reason| Error::Manifest { path: folder.join(MANIFEST), reason };
        let known = || self.graphs.keys().map(|known| known.name()).collect::<Vec<_>>();
        let graph = self.graphs.get(&precision).ok_or_else(|| {
            wrong(format!("it has no {precision} graph, only {}", known().join(", ")))
        })?;
        let mut files = BTreeMap::new();
        for file in graph.files.iter().chain([&graph.graph, &self.tokenizer]) {
            let hash = self.files.get(file);
            let hash = hash.ok_or_else(|| wrong(format!("`files` does not list {file}")))?;
            files.insert(file.clone(), hash.clone());
        }
        Ok(LocatedModel {
            version: version(&files, &self.prefixes),
            graph: folder.join(&graph.graph),
            tokenizer: folder.join(&self.tokenizer),
            files: files.iter().map(|(file, hash)| (folder.join(file), hash.clone())).collect(),
            name: self.name.clone(),
            precision,
            dimension: self.dimension,
            states: self.states,
            max_tokens: self.max_tokens,
            pooling: self.pooling,
            prefixes: self.prefixes.clone(),
        })
    }
}
