//! Models laid out as on the Hugging Face hub: any ONNX graph in one file beside its
//! `tokenizer.json` and `config.json`, there or in a folder. Every file must be pinned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hf_hub::api::sync::{ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, CacheRepo, Repo, RepoType};
use serde::Deserialize;

use crate::model::files::{described, sha256, verify, version};
use crate::model::positions::Positions;
use crate::model::prefixes::Prefixes;
use crate::model::{LocatedModel, Pooling, manifest};
use crate::{Config, Error, Precision, TokenPooling};

const TOKENIZER: &str = "tokenizer.json";
const DESCRIPTION: &str = "config.json";

/// The needed part of a model's `config.json`.
#[derive(Deserialize)]
struct Description {
    hidden_size: usize,
    #[serde(flatten)]
    positions: Positions,
}

/// Fetches, or finds in the cache, the encoder `owner/repo[@revision]`.
pub(crate) fn locate(repository: &str, config: &Config) -> Result<LocatedModel, Error> {
    assemble(Repository::open(repository, config.hub_cache.as_deref())?, config)
}

/// The same where it is in the cache.
///
/// # Errors
/// [`Error::NotFetched`] where it is not.
pub(crate) fn cached(repository: &str, config: &Config) -> Result<LocatedModel, Error> {
    assemble(Repository::in_cache(repository, config.hub_cache.as_deref()), config)
}

/// True where a folder has the files of a repository, and no `model.json` that would say
/// more.
pub(crate) fn is_laid_out_in(folder: &Path) -> bool {
    folder.join(DESCRIPTION).is_file() && !manifest::is_described_in(folder)
}

/// The encoder in a folder that is laid out as a repository.
pub(crate) fn in_folder(folder: PathBuf, config: &Config) -> Result<LocatedModel, Error> {
    assemble(Repository::folder(folder), config)
}

/// Fetches the encoder's files, and returns the SHA-256 of each.
pub(crate) fn pull(repository: &str, config: &Config) -> Result<BTreeMap<String, String>, Error> {
    let source = Repository::open(repository, config.hub_cache.as_deref())?;
    let mut found = BTreeMap::new();
    for file in [config.graph_file.as_str(), TOKENIZER, DESCRIPTION] {
        let path = source.fetch(file)?;
        if let Some(expected) = config.sha256.get(file) {
            verify(&path, expected)?;
        }
        found.insert(file.to_owned(), sha256(&path)?);
    }
    Ok(found)
}

fn assemble(source: Repository, config: &Config) -> Result<LocatedModel, Error> {
    let pins = ("[inference.sha256]", &config.sha256);
    let files = source.files(&config.graph_file, pins, &config.prefixes)?;
    let Description { hidden_size, positions } = described(&files.description)?;
    let max_tokens = positions.max_tokens().ok_or_else(|| Error::Manifest {
        path: files.description.clone(),
        reason: "max_position_embeddings does not say how long a text may be".into(),
    })?;
    Ok(LocatedModel {
        name: source.name,
        version: pooled(files.version, config.pooling),
        precision: precision(&config.graph_file),
        dimension: hidden_size,
        states: None,
        max_tokens,
        pooling: Pooling::from(config.pooling),
        prefixes: config.prefixes.clone(),
        files: files.pinned,
        graph: files.graph,
        tokenizer: files.tokenizer,
    })
}

/// The version of files that are pooled so: they give other vectors than by the mean.
fn pooled(version: String, pooling: TokenPooling) -> String {
    match pooling {
        TokenPooling::Mean => version,
        TokenPooling::Cls => version + "-cls",
    }
}

/// The files of a model.
pub(crate) struct Files {
    pub(crate) graph: PathBuf,
    pub(crate) tokenizer: PathBuf,
    pub(crate) description: PathBuf,
    /// As [`LocatedModel::version`].
    pub(crate) version: String,
    /// Each of them, with the SHA-256 that it must have.
    pub(crate) pinned: Vec<(PathBuf, String)>,
}

/// A repository on the hub, at one revision, or a folder that is laid out as one.
pub(crate) struct Repository {
    /// `owner/repo`, or the folder's own name.
    pub(crate) name: String,
    place: Place,
}

/// The source of a repository's files.
enum Place {
    /// The cache, else the hub.
    Hub(Box<ApiRepo>),
    Cache(CacheRepo),
    Folder(PathBuf),
}

impl Repository {
    /// `repository`: `owner/repo[@revision]`. `cache`: by default that of the hub's
    /// own tools. Nothing is fetched yet.
    pub(crate) fn open(repository: &str, cache: Option<&Path>) -> Result<Self, Error> {
        let (name, at) = named(repository);
        let mut builder = ApiBuilder::from_env().with_progress(false);
        if let Some(cache) = cache {
            builder = builder.with_cache_dir(cache.to_owned());
        }
        let api = builder.build().map_err(|source| failed(&name, DESCRIPTION, source))?;
        Ok(Self { name, place: Place::Hub(Box::new(api.repo(at))) })
    }

    /// The same of which nothing will be fetched.
    fn in_cache(repository: &str, cache: Option<&Path>) -> Self {
        let cache = cache.map_or_else(Cache::from_env, |cache| Cache::new(cache.to_owned()));
        let (name, at) = named(repository);
        Self { name, place: Place::Cache(cache.repo(at)) }
    }

    /// A folder with the same files.
    pub(crate) fn folder(folder: PathBuf) -> Self {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, place: Place::Folder(folder) }
    }

    /// The files of the model whose graph is `graph_file`. `pinned`: the section of the
    /// configuration, and the SHA-256 that it demands of each file.
    ///
    /// # Errors
    /// [`Error::Unpinned`] where it demands nothing of one; [`Error::Hub`],
    /// [`Error::NotFetched`].
    pub(crate) fn files(
        &self,
        graph_file: &str,
        (section, sha256s): (&'static str, &BTreeMap<String, String>),
        prefixes: &Prefixes,
    ) -> Result<Files, Error> {
        let graph = self.fetch(graph_file)?;
        let tokenizer = self.fetch(TOKENIZER)?;
        let description = self.fetch(DESCRIPTION)?;
        let named = [(graph_file, &graph), (TOKENIZER, &tokenizer), (DESCRIPTION, &description)];
        let pins = pins(&named, sha256s, section)?;
        Ok(Files {
            version: version(&pins, prefixes),
            pinned: named.iter().map(|&(file, path)| (path.clone(), pins[file].clone())).collect(),
            graph,
            tokenizer,
            description,
        })
    }

    /// A file, fetched where it may be and is not in the cache.
    fn fetch(&self, file: &str) -> Result<PathBuf, Error> {
        let absent = || Error::NotFetched { repository: self.name.clone(), file: file.to_owned() };
        match &self.place {
            Place::Hub(hub) => hub.get(file).map_err(|source| failed(&self.name, file, source)),
            Place::Cache(cache) => cache.get(file).ok_or_else(absent),
            Place::Folder(folder) => Ok(folder.join(file)),
        }
    }
}

/// `owner/repo`, and with its revision as the hub knows it.
fn named(repository: &str) -> (String, Repo) {
    let (name, revision) = repository.split_once('@').unwrap_or((repository, "main"));
    (name.to_owned(), Repo::with_revision(name.to_owned(), RepoType::Model, revision.to_owned()))
}

fn failed(repository: &str, file: &str, source: ApiError) -> Error {
    Error::Hub {
        repository: repository.to_owned(),
        file: file.to_owned(),
        source: Arc::new(source),
    }
}

/// The SHA-256 that the configuration demands of each file; `section` is where it
/// does.
fn pins(
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

/// Files on the hub carry their precision in their name.
pub(crate) fn precision(graph_file: &str) -> Precision {
    let is = |part| graph_file.contains(part);
    match () {
        () if is("int8") || is("quantized") || is("qint8") || is("quint8") => Precision::Int8,
        () if is("fp16") => Precision::Fp16,
        () => Precision::Fp32,
    }
}
