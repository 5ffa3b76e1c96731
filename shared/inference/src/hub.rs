//! Encoders from the Hugging Face hub: any ONNX encoder in one file beside its
//! `tokenizer.json` and `config.json`. What is fetched must be pinned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Repo, RepoType};
use serde::Deserialize;

use crate::model::{Model, Pooling, sha256, version};
use crate::{Config, Error, Precision};

const TOKENIZER: &str = "tokenizer.json";
const DESCRIPTION: &str = "config.json";

/// What a model's `config.json` says that we need.
#[derive(Deserialize)]
struct Description {
    hidden_size: usize,
    max_position_embeddings: usize,
}

/// Fetches, or finds in the cache, the encoder `owner/repo[@revision]`.
pub(crate) fn locate(repository: &str, config: &Config) -> Result<Model, Error> {
    let (name, revision) = repository.split_once('@').unwrap_or((repository, "main"));
    let source = Source { name, repository: open(name, revision, config)? };
    let graph = source.fetch(&config.graph_file)?;
    let tokenizer = source.fetch(TOKENIZER)?;
    let description = source.fetch(DESCRIPTION)?;
    let named = [
        (config.graph_file.as_str(), &graph),
        (TOKENIZER, &tokenizer),
        (DESCRIPTION, &description),
    ];
    let mut pins = BTreeMap::new();
    for (file, path) in named {
        pins.insert(file.to_owned(), pinned(file, path, config)?);
    }
    let Description { hidden_size, max_position_embeddings } = read(&description)?;
    Ok(Model {
        name: name.to_owned(),
        version: version(&pins),
        precision: precision(&config.graph_file),
        dimension: hidden_size,
        states: None,
        max_tokens: max_position_embeddings,
        pooling: Pooling::Mean,
        files: named.iter().map(|&(file, path)| (path.clone(), pins[file].clone())).collect(),
        graph,
        tokenizer,
    })
}

struct Source<'a> {
    name: &'a str,
    repository: ApiRepo,
}

impl Source<'_> {
    fn fetch(&self, file: &str) -> Result<PathBuf, Error> {
        self.repository.get(file).map_err(|source| failed(self.name, file, source))
    }
}

fn open(name: &str, revision: &str, config: &Config) -> Result<ApiRepo, Error> {
    let mut builder = ApiBuilder::from_env().with_progress(false);
    if let Some(cache) = &config.hub_cache {
        builder = builder.with_cache_dir(cache.clone());
    }
    let api = builder.build().map_err(|source| failed(name, &config.graph_file, source))?;
    Ok(api.repo(Repo::with_revision(name.to_owned(), RepoType::Model, revision.to_owned())))
}

fn failed(repository: &str, file: &str, source: hf_hub::api::sync::ApiError) -> Error {
    Error::Hub {
        repository: repository.to_owned(),
        file: file.to_owned(),
        source: Arc::new(source),
    }
}

/// The SHA-256 that the configuration demands of `file`.
fn pinned(file: &str, path: &Path, config: &Config) -> Result<String, Error> {
    match config.sha256.get(file) {
        Some(expected) => Ok(expected.clone()),
        None => Err(Error::Unpinned { file: file.to_owned(), found: sha256(path)? }),
    }
}

fn read(path: &Path) -> Result<Description, Error> {
    let json = std::fs::read(path).map_err(|source| Error::read(path, source))?;
    serde_json::from_slice(&json)
        .map_err(|error| Error::Manifest { path: path.to_owned(), reason: error.to_string() })
}

/// Files on the hub carry their precision in their name.
fn precision(graph_file: &str) -> Precision {
    let is = |part| graph_file.contains(part);
    match () {
        () if is("int8") || is("quantized") || is("qint8") || is("quint8") => Precision::Int8,
        () if is("fp16") => Precision::Fp16,
        () => Precision::Fp32,
    }
}
