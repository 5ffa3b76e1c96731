//! The way from the configuration to a model's files.

use std::path::PathBuf;

use crate::model::manifest::Manifest;
use crate::model::{LocatedModel, hub};
use crate::{Config, Deps, Error};

/// Finds the configured model, in its precision on a CPU. Nothing is checked or loaded yet, but
/// a model from the hub is fetched if it is not in the cache.
pub(crate) fn locate(config: &Config, deps: &Deps) -> Result<LocatedModel, Error> {
    if let Some(repository) = config.model.strip_prefix("hf:") {
        return hub::locate(repository, config);
    }
    let folder = folder(&config.model, deps)?;
    match hub::is_laid_out_in(&folder) {
        true => hub::in_folder(folder, config),
        false => Manifest::read(&folder)?.model_on_cpu(&folder, config.precision),
    }
}

/// The folder of a model that is not from the hub.
pub(crate) fn folder(model: &str, deps: &Deps) -> Result<PathBuf, Error> {
    if model.contains('/') { Ok(PathBuf::from(model)) } else { deps.model(model) }
}
