//! Lists the heads, and finds the one that the pipeline would use.

use std::path::PathBuf;

use anyhow::Context;
use courant_heads::{Head, HeadTask};

use super::setup::Loaded;

/// The place that a head comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    /// It is part of the program.
    BuiltIn,
    /// It is in the folder of kept heads.
    Kept,
    /// The configuration names its file.
    Configured(PathBuf),
}

/// A head in the list, or the topics' untrained descriptions.
pub(super) struct ListedHead {
    pub(super) task: HeadTask,
    pub(super) origin: Origin,
    /// The head's version; the name of its file if the head cannot be read.
    pub(super) version: String,
    pub(super) active: bool,
    /// The head; `None` stands for the topics' descriptions, which need no training.
    pub(super) head: anyhow::Result<Option<Head>>,
}

/// The text shown as the version of the topics' descriptions.
pub(super) const UNTRAINED: &str = "untrained";

impl Loaded {
    /// Returns the heads for a task: the built-in one first, then the kept ones, then the
    /// configured one.
    pub(super) fn shelf(&self, task: HeadTask) -> anyhow::Result<Vec<ListedHead>> {
        let registry = self.registry(task);
        let in_use = registry.rollout(task)?.current.map(|release| release.version);
        let configured = self.configured(task);
        let is_active =
            |version: Option<&str>| configured.is_none() && in_use.as_deref() == version;
        let built_in = Head::built_in(task, self.encoder_name());
        let version = built_in.as_ref().map_or_else(|| UNTRAINED.to_owned(), Head::version);
        let (origin, active) = (Origin::BuiltIn, is_active(None));
        let mut shelf = vec![ListedHead { task, origin, version, active, head: Ok(built_in) }];
        for version in registry.versions(task)? {
            let active = is_active(Some(&version));
            // The registry checks the whole file of a promoted head, not only its weights.
            let is_promoted = in_use.as_deref() == Some(&version);
            let head = match is_promoted {
                true => registry.promoted(task),
                false => registry.read(task, &version).map(Some),
            };
            let head = head.map_err(anyhow::Error::from);
            shelf.push(ListedHead { task, origin: Origin::Kept, version, active, head });
        }
        if let Some(path) = configured {
            let head = read(&path);
            let file = || path.display().to_string();
            let version = head.as_ref().map_or_else(|_| file(), Head::version);
            let origin = Origin::Configured(path.clone());
            shelf.push(ListedHead { task, origin, version, active: true, head: head.map(Some) });
        }
        Ok(shelf)
    }

    /// Returns the head that the pipeline would use; `None` stands for the topics' descriptions.
    pub(super) fn active(&self, task: HeadTask) -> anyhow::Result<Option<Head>> {
        if let Some(path) = self.configured(task) {
            return read(&path).map(Some);
        }
        let promoted = self.registry(task).promoted(task)?;
        Ok(promoted.or_else(|| Head::built_in(task, self.encoder_name())))
    }

    /// Returns the name of the configured encoder, which chooses among the built-in heads.
    pub(super) fn encoder_name(&self) -> &str {
        let model = self.encoder.model.trim_end_matches('/');
        model.rsplit_once('/').map_or(model, |(_, folder)| folder)
    }

    /// Returns the file of a head that the configuration names.
    pub(super) fn configured(&self, task: HeadTask) -> Option<PathBuf> {
        match task {
            HeadTask::Sentiment => self.analyst.sentiment_head.clone(),
            HeadTask::Topics => self.analyst.topic_head.clone(),
            HeadTask::Entities => None,
        }
    }
}

/// Reads the head in a file.
pub(super) fn read(path: &std::path::Path) -> anyhow::Result<Head> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Head::read(&bytes).with_context(|| format!("{} is no head", path.display()))
}
