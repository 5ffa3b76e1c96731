//! One entry of `[[analyst.classifiers]]`.

use std::collections::BTreeMap;

use courant_config::{Ranged, Ranges, range};
use courant_gpu_utils::device::{Provider, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::waiting::BatchLimits;
use crate::{Config, Error, Precision};

const TABLE: &str = "analyst.classifiers";
/// Padded tokens of a batch where nothing is configured; on a CPU with AVX-512 larger
/// ones gain nothing, and make others wait.
const BUDGET_ON_CPU: usize = 256;
const BUDGET_ON_GPU: usize = 16_384;
/// The longest window where nothing is configured: time grows with its square.
const DEFAULT_TOKENS: usize = 512;
/// Texts and windows that may wait.
const QUEUE_CAPACITY: usize = 1_024;
/// The longest name.
const MAX_NAME_BYTES: usize = 64;

/// The meaning of a classifier's labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClassifierTask {
    /// Negative, neutral (optional) or positive, for a whole text.
    Sentiment,
    /// The 17 top-level IPTC Media Topics, for a whole text.
    Topics,
    /// Names of people, organizations and locations.
    Entities,
    /// Any other.
    #[default]
    Other,
}

/// The place in the configuration that names a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedIn {
    Classifiers,
    Rerank,
}

impl NamedIn {
    fn section(self) -> &'static str {
        match self {
            Self::Classifiers => "[[analyst.classifiers]]",
            Self::Rerank => "[search.rerank]",
        }
    }

    /// The place of the SHA-256 of its files.
    pub(super) fn pins(self) -> &'static str {
        match self {
            Self::Classifiers => "its sha256 in [[analyst.classifiers]]",
            Self::Rerank => "[search.rerank.sha256]",
        }
    }
}

/// A sequence or token classifier that the user provides: `config.json`, `tokenizer.json` and
/// an ONNX graph in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassifierConfig {
    /// The name in requests, 1 to 64 bytes: lower-case letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The name of a folder in `.deps/models`, the path of a folder, or
    /// `hf:owner/repo[@revision]` on the Hugging Face hub.
    pub model: String,
    /// The graph's path in the folder or repository.
    #[serde(default = "graph_file")]
    pub graph_file: String,
    /// The SHA-256 of each file, by file name. Every loaded file must be listed. The error
    /// about a missing entry states the SHA-256.
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
    /// The meaning of the labels. A classifier for sentiment, topics or entities replaces the
    /// built-in one in its languages.
    #[serde(default)]
    pub task: ClassifierTask,
    /// The ISO 639-1 codes of the covered languages. Texts in other languages get no score. An
    /// empty list covers all texts, even those of unknown language.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The names to use for the model's labels, such as `LABEL_0 = "negative"`. Several labels
    /// may get the same name.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The precision of the graph. By default it is read from the name of the file.
    #[serde(default)]
    pub precision: Option<Precision>,
    /// The most tokens of a window, special ones included. The default is 512, or the model's
    /// own limit if that is less. Longer texts are cut into several windows.
    #[serde(default)]
    pub max_tokens: Option<usize>,
    /// Tokens that a window of a token classifier shares with the next one.
    #[serde(default = "overlap")]
    pub overlap: usize,
    /// The number of sessions of one thread each, 1 to 64. Each session holds the weights once.
    #[serde(default = "sessions")]
    pub sessions: usize,
    /// The most tokens in a batch, padding included. The default is 512 on a CPU and 16,384 on
    /// a GPU.
    #[serde(default)]
    pub token_budget: Option<usize>,
}

fn graph_file() -> String {
    "onnx/model.onnx".into()
}

fn overlap() -> usize {
    32
}

fn sessions() -> usize {
    1
}

impl ClassifierConfig {
    /// Makes the configuration of a classifier called `name` from `model`, with the defaults of
    /// all other keys.
    pub fn new(name: &str, model: &str) -> Self {
        Self {
            name: name.into(),
            model: model.into(),
            graph_file: graph_file(),
            sha256: BTreeMap::new(),
            task: ClassifierTask::default(),
            languages: Vec::new(),
            labels: BTreeMap::new(),
            precision: None,
            max_tokens: None,
            overlap: overlap(),
            sessions: sessions(),
            token_budget: None,
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Range`] names the first key that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(range::check(&format!("{TABLE}[{}]", self.name), self)?)
    }

    /// The fault of a key of this classifier.
    pub(super) fn wrong(&self, place: NamedIn, key: &'static str, reason: &str) -> Error {
        let reason = format!("of {} {reason}", self.name);
        Error::Config { section: place.section(), key, reason }
    }

    /// The most tokens of a window, for a model that takes `greatest` at most.
    pub(super) fn window(&self, place: NamedIn, greatest: Option<usize>) -> Result<usize, Error> {
        match (self.max_tokens, greatest) {
            (Some(wanted), Some(greatest)) if wanted > greatest => {
                let reason = format!("is {wanted}, the model takes at most {greatest}");
                Err(self.wrong(place, "max_tokens", &reason))
            }
            (Some(wanted), _) => Ok(wanted),
            (None, Some(greatest)) => Ok(greatest.min(DEFAULT_TOKENS)),
            (None, None) => {
                let reason =
                    "is needed: the model's config.json does not state its greatest length";
                Err(self.wrong(place, "max_tokens", reason))
            }
        }
    }

    /// The bounds of a batch: as an encoder's, but for the budget.
    pub(super) fn limits(
        &self,
        precision: Precision,
        provider: Provider,
        workload: Workload,
    ) -> BatchLimits {
        let budget = if provider == Provider::Cpu { BUDGET_ON_CPU } else { BUDGET_ON_GPU };
        let encoders = Config { token_budget: self.token_budget, ..Config::default() };
        encoders.limits(precision, provider, workload, budget)
    }

    pub(super) fn queue_capacity() -> usize {
        QUEUE_CAPACITY
    }
}

impl Ranged for ClassifierConfig {
    fn ranges(&self, ranges: &mut Ranges) {
        let name = &self.name;
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        ranges.rule(
            "name",
            format_args!("{name:?}"),
            "1 to 64 of a-z, 0-9, -, _ and .",
            (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain),
        );
        let model = &self.model;
        ranges.rule("model", format_args!("{model:?}"), "a folder or name", !model.is_empty());
        ranges.within("sessions", self.sessions, 1..=64);
        ranges.at_least_if_set("token_budget", self.token_budget, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named_with_its_classifier() {
        let config = ClassifierConfig::new("own", "folder");
        assert!(config.validate().is_ok());
        let error = ClassifierConfig { sessions: 0, ..config.clone() }.validate().unwrap_err();
        let expected = "analyst.classifiers[own].sessions is 0, but may be 1 to 64";
        assert_eq!(error.to_string(), expected);
        let error = ClassifierConfig { name: "Own one".into(), ..config }.validate().unwrap_err();
        assert!(error.to_string().contains(".name is \"Own one\""), "{error}");
    }

    #[test]
    fn a_window_is_never_longer_than_the_model_takes() {
        let config = ClassifierConfig::new("own", "folder");
        assert_eq!(config.window(NamedIn::Classifiers, Some(8_192)).unwrap(), 512);
        assert_eq!(config.window(NamedIn::Classifiers, Some(128)).unwrap(), 128);
        assert!(config.window(NamedIn::Classifiers, None).is_err());
        let long = ClassifierConfig { max_tokens: Some(600), ..config };
        assert_eq!(long.window(NamedIn::Classifiers, None).unwrap(), 600);
        let short = long.window(NamedIn::Rerank, Some(512)).unwrap_err().to_string();
        assert_eq!(short, "[search.rerank] max_tokens of own is 600, the model takes at most 512");
    }
}
