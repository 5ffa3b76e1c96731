//! The encoders that can be loaded, and the download of one from the hub.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::{LocatedModel, hub, locate, manifest};
use crate::{Config, Deps, Error, Precision, PrecisionChoice, Prefixes};

/// One precision of an encoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderInfo {
    /// The name in records.
    pub name: String,
    /// The version: 12 hexadecimal digits that change with any of the files, followed by `-cls`
    /// for that pooling.
    pub version: String,
    /// The precision of the numbers.
    pub precision: Precision,
    /// Values per vector.
    pub dimension: usize,
    /// The most tokens of one input.
    pub max_tokens: usize,
    /// The size of the files that it needs.
    pub bytes: u64,
}

/// A value of `[inference] model`, with the encoders that it can load.
pub struct ListedEncoders {
    /// The value of the key.
    pub model: String,
    /// The encoders, one per precision, or the reason why none can be loaded.
    pub encoders: Result<Vec<EncoderInfo>, Error>,
}

/// Lists the configured encoder and those in `.deps/models`, by name. Fetches nothing.
pub fn listed(config: &Config, deps: &Deps) -> Vec<ListedEncoders> {
    let mut models = vec![config.model.clone()];
    models.extend(deps.root().map(|root| folders(&root.join("models"))).unwrap_or_default());
    models.sort();
    models.dedup();
    let list = |model: String| ListedEncoders { encoders: encoders(&model, config, deps), model };
    models.into_iter().map(list).collect()
}

/// The names of the folders in which an encoder is described.
fn folders(models: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(models).into_iter().flatten().flatten();
    let described = entries.filter(|entry| manifest::is_described_in(&entry.path()));
    described.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Returns the folder of the configured encoder. `None` for one from the hub.
///
/// # Errors
/// [`Error::NoDeps`] if `model` is a name, and there is no `.deps`.
pub fn folder(config: &Config, deps: &Deps) -> Result<Option<PathBuf>, Error> {
    let is_from_hub = config.model.starts_with("hf:");
    if is_from_hub { Ok(None) } else { locate::folder(&config.model, deps).map(Some) }
}

/// Returns the prefixes that the card of the configured encoder asks for, if it is from the hub
/// and is configured without any.
pub fn missing_prefixes(config: &Config) -> Option<Prefixes> {
    let repository = config.model.strip_prefix("hf:").filter(|_| config.prefixes.is_empty())?;
    Prefixes::wanted_by(repository)
}

/// Returns the precision of the configured encoder on a CPU. Fetches nothing.
///
/// # Errors
/// If the files of the encoder are not described as they must be.
pub fn precision_on_cpu(config: &Config, deps: &Deps) -> Result<Precision, Error> {
    match (config.precision, config.model.starts_with("hf:")) {
        (_, true) => Ok(hub::precision(&config.graph_file)),
        (PrecisionChoice::Fixed(precision), false) => Ok(precision),
        (PrecisionChoice::Auto, false) => Ok(locate::locate(config, deps)?.precision),
    }
}

fn encoders(model: &str, config: &Config, deps: &Deps) -> Result<Vec<EncoderInfo>, Error> {
    let found = match model.strip_prefix("hf:") {
        Some(repository) => vec![hub::cached(repository, config)?],
        None => {
            let folder = locate::folder(model, deps)?;
            let is_as_on_hub = hub::is_laid_out_in(&folder);
            if is_as_on_hub {
                vec![hub::in_folder(folder, config)?]
            } else {
                manifest::all_in(&folder)?
            }
        }
    };
    Ok(found.iter().map(info).collect())
}

fn info(model: &LocatedModel) -> EncoderInfo {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
    EncoderInfo {
        name: model.name.clone(),
        version: model.version.clone(),
        precision: model.precision,
        dimension: model.dimension,
        max_tokens: model.max_tokens,
        bytes: model.files.iter().map(|(path, _)| size(path)).sum(),
    }
}

/// Fetches the files of `[inference] model = "hf:REPOSITORY"` into the cache of the hub's
/// tools, and returns the SHA-256 of each file. These must be added to `[inference.sha256]`.
/// `repository`: `owner/repo[@revision]`.
///
/// # Errors
/// [`Error::Hub`]; [`Error::Checksum`] if a file differs from the configured SHA-256.
pub fn pull(repository: &str, config: &Config) -> Result<BTreeMap<String, String>, Error> {
    hub::pull(repository, config)
}
