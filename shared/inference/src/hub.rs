//! Models from the Hugging Face hub: any ONNX graph in one file beside its
//! `tokenizer.json` and `config.json`. What is fetched must be pinned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Repo, RepoType};
use serde::Deserialize;

use crate::model::{Model, Pooling, sha256, version};
use crate::{Config, Error, Precision};

pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const DESCRIPTION: &str = "config.json";

/// What a model's `config.json` says that we need.
#[derive(Deserialize)]
struct Description {
    hidden_size: usize,
    max_position_embeddings: usize,
}

/// Fetches, or finds in the cache, the encoder `owner/repo[@revision]`.
pub(crate) fn locate(repository: &str, config: &Config) -> Result<Model, Error> {
    let source = Repository::open(repository, config.hub_cache.as_deref())?;
    let graph = source.fetch(&config.graph_file)?;
    let tokenizer = source.fetch(TOKENIZER)?;
    let description = source.fetch(DESCRIPTION)?;
    let named = [
        (config.graph_file.as_str(), &graph),
        (TOKENIZER, &tokenizer),
        (DESCRIPTION, &description),
    ];
    let pins = pinned(&named, &config.sha256, "[inference.sha256]")?;
    let Description { hidden_size, max_position_embeddings } = read(&description)?;
    Ok(Model {
        name: source.name,
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

/// A repository on the hub, at one revision.
pub(crate) struct Repository {
    /// `owner/repo`.
    pub(crate) name: String,
    files: ApiRepo,
}

impl Repository {
    /// `repository`: `owner/repo[@revision]`. `cache`: by default that of the hub's
    /// own tools. Nothing is fetched yet.
    pub(crate) fn open(repository: &str, cache: Option<&Path>) -> Result<Self, Error> {
        let (name, revision) = repository.split_once('@').unwrap_or((repository, "main"));
        let mut builder = ApiBuilder::from_env().with_progress(false);
        if let Some(cache) = cache {
            builder = builder.with_cache_dir(cache.to_owned());
        }
        let api = builder.build().map_err(|source| failed(name, DESCRIPTION, source))?;
        let at = Repo::with_revision(name.to_owned(), RepoType::Model, revision.to_owned());
        Ok(Self { name: name.to_owned(), files: api.repo(at) })
    }

    /// Fetches a file, or finds it in the cache.
    pub(crate) fn fetch(&self, file: &str) -> Result<PathBuf, Error> {
        self.files.get(file).map_err(|source| failed(&self.name, file, source))
    }
}

fn failed(repository: &str, file: &str, source: hf_hub::api::sync::ApiError) -> Error {
    Error::Hub {
        repository: repository.to_owned(),
        file: file.to_owned(),
        source: Arc::new(source),
    }
}

/// The SHA-256 that the configuration demands of each file; `section` is where it
/// does.
pub(crate) fn pinned(
    files: &[(&str, &PathBuf)],
    sha256s: &BTreeMap<String, String>,
    section: &'static str,
) -> Result<BTreeMap<String, String>, Error> {
    let pin = |&(file, path): &(&str, &PathBuf)| match sha256s.get(file) {
        Some(expected) => Ok((file.to_owned(), expected.clone())),
        None => Err(Error::Unpinned { section, file: file.to_owned(), found: sha256(path)? }),
    };
    files.iter().map(pin).collect()
}

fn read(path: &Path) -> Result<Description, Error> {
    let json = std::fs::read(path).map_err(|source| Error::read(path, source))?;
    serde_json::from_slice(&json)
        .map_err(|error| Error::Manifest { path: path.to_owned(), reason: error.to_string() })
}

/// Files on the hub carry their precision in their name.
pub(crate) fn precision(graph_file: &str) -> Precision {
    let is = |part| graph_file.contains(part);
    match () {
        () if is("int8") || is("quantized") || is("qint8") || is("quint8") => Precision::Int8,
        () if is("fp16") => Precision::Fp16,
        () => Precision::Fp32,
    }
}
