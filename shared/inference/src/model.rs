//! Which files make up an encoder, and whether they are the right ones.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;

use data_encoding::HEXLOWER;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::{Config, Deps, Error, Precision, TokenPooling, hub};

/// What describes an encoder and its precisions.
const MANIFEST: &str = "model.json";

/// What becomes of a graph's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pooling {
    /// The graph does it: inputs `spans`, output `embeddings`.
    Graph,
    /// The mean of `last_hidden_state`, computed here.
    Mean,
    /// Of a whole input the first token of `last_hidden_state`; of a part, which has
    /// no such token, the mean.
    Cls,
    /// Nothing: `logits` has one row of scores per text.
    #[serde(skip)]
    Sequence,
    /// Nothing: `logits` has one row of scores per token.
    #[serde(skip)]
    Tokens,
}

impl Pooling {
    /// What a run is called in metrics and threads.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Graph | Self::Mean | Self::Cls => "encode",
            Self::Sequence | Self::Tokens => "classify",
        }
    }
}

impl From<TokenPooling> for Pooling {
    fn from(pooling: TokenPooling) -> Self {
        match pooling {
            TokenPooling::Mean => Self::Mean,
            TokenPooling::Cls => Self::Cls,
        }
    }
}

/// A model's files and what is declared of them.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) name: String,
    /// The start of the SHA-256 of its files' SHA-256, and a pooling other than that
    /// by the mean.
    pub(crate) version: String,
    pub(crate) precision: Precision,
    /// Values per vector, or labels per row of scores.
    pub(crate) dimension: usize,
    /// Values per token of the output `states`, where the graph has it.
    pub(crate) states: Option<usize>,
    pub(crate) max_tokens: usize,
    pub(crate) pooling: Pooling,
    pub(crate) graph: PathBuf,
    pub(crate) tokenizer: PathBuf,
    /// Every file that this precision needs, with the SHA-256 that it must have.
    pub(crate) files: Vec<(PathBuf, String)>,
}

/// `model.json`, as `scripts/export_encoder.py` writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    dimension: usize,
    states: Option<usize>,
    max_tokens: usize,
    pooling: Pooling,
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

impl Model {
    /// Finds the configured model; nothing is checked or loaded yet, but a model
    /// from the hub is fetched where it is not in the cache.
    pub(crate) fn locate(config: &Config, deps: &Deps) -> Result<Self, Error> {
        if let Some(repository) = config.model.strip_prefix("hf:") {
            return hub::locate(repository, config);
        }
        let folder = Self::folder(&config.model, deps)?;
        match hub::is_laid_out_in(&folder) {
            true => hub::in_folder(folder, config),
            false => Manifest::read(&folder)?.model(&folder, config.precision),
        }
    }

    /// Where a model lies that is not from the hub.
    pub(crate) fn folder(model: &str, deps: &Deps) -> Result<PathBuf, Error> {
        if model.contains('/') { Ok(PathBuf::from(model)) } else { deps.model(model) }
    }

    /// Whether a folder has a `model.json`.
    pub(crate) fn is_described_in(folder: &Path) -> bool {
        folder.join(MANIFEST).is_file()
    }

    /// Every precision that a folder describes.
    pub(crate) fn all_in(folder: &Path) -> Result<Vec<Self>, Error> {
        let manifest = Manifest::read(folder)?;
        manifest.graphs.keys().map(|precision| manifest.model(folder, *precision)).collect()
    }

    /// What its files take on disk: about what a session takes of memory.
    pub(crate) fn size_bytes(&self) -> Result<u64, Error> {
        let size = |(path, _): &(PathBuf, String)| {
            path.metadata().map(|found| found.len()).map_err(|source| Error::read(path, source))
        };
        self.files.iter().map(size).sum()
    }

    /// Reads every file once and compares its SHA-256, all files at a time.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        thread::scope(|scope| {
            let checks: Vec<_> = self
                .files
                .iter()
                .map(|(path, expected)| scope.spawn(move || verify(path, expected)))
                .collect();
            checks.into_iter().try_for_each(|check| check.join().unwrap_or(Err(Error::Stopped)))
        })
    }
}

impl Manifest {
    fn read(folder: &Path) -> Result<Self, Error> {
        described(&folder.join(MANIFEST))
    }

    fn model(&self, folder: &Path, precision: Precision) -> Result<Model, Error> {
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
        Ok(Model {
            version: version(&files),
            graph: folder.join(&graph.graph),
            tokenizer: folder.join(&self.tokenizer),
            files: files.iter().map(|(file, hash)| (folder.join(file), hash.clone())).collect(),
            name: self.name.clone(),
            precision,
            dimension: self.dimension,
            states: self.states,
            max_tokens: self.max_tokens,
            pooling: self.pooling,
        })
    }
}

/// What a JSON file says of a model.
///
/// # Errors
/// [`Error::Read`], or [`Error::Manifest`] where it does not say what it should.
pub(crate) fn described<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let json = std::fs::read(path).map_err(|source| Error::read(path, source))?;
    serde_json::from_slice(&json)
        .map_err(|error| Error::Manifest { path: path.to_owned(), reason: error.to_string() })
}

/// 12 hexadecimal digits that change with any of the files.
pub(crate) fn version(files: &BTreeMap<String, String>) -> String {
    let mut digest = Sha256::new();
    for (file, hash) in files {
        digest.update(format!("{file} {hash}\n"));
    }
    HEXLOWER.encode(&digest.finalize())[..12].to_owned()
}

/// Compares a file's SHA-256 with the one that it must have.
pub(crate) fn verify(path: &Path, expected: &str) -> Result<(), Error> {
    let found = sha256(path)?;
    if found == expected.to_ascii_lowercase() {
        return Ok(());
    }
    Err(Error::Checksum { path: path.to_owned(), expected: expected.to_owned(), found })
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(crate) fn sha256(path: &Path) -> Result<String, Error> {
    let read = |source| Error::read(path, source);
    let mut file = File::open(path).map_err(read)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        let count = file.read(&mut block).map_err(read)?;
        if count == 0 {
            return Ok(HEXLOWER.encode(&digest.finalize()));
        }
        digest.update(&block[..count]);
    }
}
