//! The version of a head that is in use, the one before, and the changes that led there.

use serde::{Deserialize, Serialize};

use super::RegistryError;
use crate::metrics::Scores;

/// The changes that are remembered.
const MAX_CHANGES: usize = 100;

/// The name that stands in place of a version for what comes with Courant.
const BUILT_IN: &str = "built-in";

/// A version with its file's SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadRelease {
    /// The version of the head.
    pub version: String,
    /// The SHA-256 of its file.
    pub sha256: String,
}

/// The versions of a head that are and were in use. `None` stands for the built-in head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// In use.
    pub current: Option<HeadRelease>,
    /// The version before, to which a rollback returns.
    pub previous: Option<HeadRelease>,
    /// The changes that led here, the newest last; at most 100.
    pub changes: Vec<RolloutChange>,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The candidate was promoted because it was not worse, or because no comparison was
    /// possible.
    Promoted,
    /// The candidate was promoted without regard to its scores.
    Forced,
    /// The version before was restored.
    RolledBack,
}

/// One change of the head in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutChange {
    /// Unix milliseconds.
    pub at_ms: i64,
    /// The kind of the change.
    pub what: ChangeKind,
    /// The version in use since.
    pub version: String,
    /// The version in use before.
    pub replaced: String,
    /// The scores that the head's trainer measured on texts held back; empty for a rollback.
    #[serde(default)]
    pub scores: Scores,
    /// The comparison of the two versions; `None` if they were not compared.
    pub judged: Option<HeadComparison>,
}

/// The scores of two heads on the same texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadComparison {
    /// The name of the score, such as `macro_f1`.
    pub score: String,
    /// The candidate's.
    pub candidate: f64,
    /// That of the head in use.
    pub active: f64,
    /// SHA-256 of the file with the texts.
    pub data_sha256: String,
}

impl HeadComparison {
    pub(super) fn is_worse(&self) -> bool {
        // A score that is not a number is not better either.
        self.candidate.partial_cmp(&self.active).is_none_or(std::cmp::Ordering::is_lt)
    }

    pub(super) fn refused(&self, replaced: &str) -> RegistryError {
        RegistryError::Worse {
            score: self.score.clone(),
            candidate: self.candidate,
            active: self.active,
            replaced: replaced.to_owned(),
        }
    }
}

impl Rollout {
    /// Returns the version in use, or `built-in`.
    pub fn current_version(&self) -> &str {
        version(self.current.as_ref())
    }

    pub(super) fn promote(
        &mut self,
        release: HeadRelease,
        scores: Scores,
        judged: Option<HeadComparison>,
        force: bool,
        at_ms: i64,
    ) {
        let what = if force { ChangeKind::Forced } else { ChangeKind::Promoted };
        let replaced = self.current_version().to_owned();
        let version = release.version.clone();
        self.previous = self.current.replace(release);
        self.note(RolloutChange { at_ms, what, version, replaced, scores, judged });
    }

    pub(super) fn roll_back(&mut self, at_ms: i64) {
        let replaced = self.current_version().to_owned();
        std::mem::swap(&mut self.current, &mut self.previous);
        let version = self.current_version().to_owned();
        let (what, scores) = (ChangeKind::RolledBack, Scores::new());
        self.note(RolloutChange { at_ms, what, version, replaced, scores, judged: None });
    }

    fn note(&mut self, change: RolloutChange) {
        self.changes.push(change);
        let surplus = self.changes.len().saturating_sub(MAX_CHANGES);
        self.changes.drain(..surplus);
    }
}

fn version(release: Option<&HeadRelease>) -> &str {
    release.map_or(BUILT_IN, |release| &release.version)
}
